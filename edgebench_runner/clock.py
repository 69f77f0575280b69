"""The one clock of the runner: CLOCK_MONOTONIC in nanoseconds."""

import time
from typing import Dict

if hasattr(time, "monotonic_ns"):
    now_ns = time.monotonic_ns  # novermin
else:  # Python 3.6: a double still resolves better than a nanosecond for the first 50 days of uptime

    def now_ns() -> int:
        """Return CLOCK_MONOTONIC in nanoseconds."""
        return int(time.monotonic() * 1e9)


def realtime_ns() -> int:
    """Return CLOCK_REALTIME in nanoseconds."""
    return int(time.time() * 1e9)


def clock_pair(event: str) -> Dict:
    """Return the monotonic and the real-time clock read at one event."""
    return {"event": event, "monotonic_ns": now_ns(), "realtime_ns": realtime_ns()}


def utc_now() -> str:
    """Return the time of day as RFC 3339 with ``Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def boot_id() -> str:
    """Return the kernel's id of this boot, ``unknown`` where the kernel gives none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return "unknown"

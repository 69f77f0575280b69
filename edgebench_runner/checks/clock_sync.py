"""Is the time of day synchronised? (Energy needs it only as a cross-check; records carry it.)"""

import ctypes
from typing import Tuple

_TIME_ERROR = 5
_TIMEX_BYTES = 512  # larger than struct timex on every architecture


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Ask the kernel by adjtimex, which needs no daemon's own tool."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    if state < 0:
        return "unknown", "adjtimex is not permitted", "check chronyc tracking or timedatectl by hand"
    if state == _TIME_ERROR:
        return "warn", "not synchronised", "start chrony or systemd-timesyncd"
    return "pass", "synchronised", ""

"""Is the supply good?"""

from typing import Tuple

from edgebench_runner.probes import throttled

_NOW, _SINCE_BOOT = 1, 1 << 16


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Bit 0 of the throttle bits is under-voltage now, bit 16 since boot; other boards have none."""
    bits = about.sample.get("throttled")
    if bits is None:
        return "unknown", "no under-voltage bit can be read", throttled.advice(about.kind)
    if bits & _NOW:
        return "fail", "under-voltage now", "use a stronger supply or a shorter cable"
    if bits & _SINCE_BOOT:
        return "warn", "under-voltage since boot", "use a stronger supply or a shorter cable"
    return "pass", "no under-voltage since boot", ""

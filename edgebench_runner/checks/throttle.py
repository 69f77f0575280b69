"""Is the firmware throttling now?"""

from typing import Tuple

from edgebench_runner.probes import throttled

_NOW = 0b1110


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Bits 1 to 3 of the firmware's throttle bits must be clear; only a Raspberry Pi has them."""
    if about.sample.get("throttled") is None:
        return "unknown", "no throttle bits can be read", throttled.advice(about.kind)
    bits = about.sample["throttled"]
    if bits & _NOW:
        return "fail", "bits 0x{:x}".format(bits), "let the board cool down"
    return "pass", "bits 0x{:x}".format(bits), ""

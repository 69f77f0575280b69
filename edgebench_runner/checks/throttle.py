"""Is the firmware throttling, or has it since boot?"""

from typing import Tuple

from edgebench_runner.probes import throttled

_WORDS = {1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_BOOT = 16


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Bits 1 to 3 of a Raspberry Pi's throttle bits must be clear; 17 to 19 tell of the past."""
    if about.sample.get("throttled") is None:
        return "unknown", "no throttle bits can be read", throttled.advice(about.kind)
    bits = about.sample["throttled"]
    now = [word for bit, word in _WORDS.items() if bits >> bit & 1]
    if now:
        return "fail", "bits 0x{:x}: {} now".format(bits, ", ".join(now)), "let the board cool down"
    past = [word for bit, word in _WORDS.items() if bits >> (bit + _SINCE_BOOT) & 1]
    if past:
        found = "bits 0x{:x}: {} since boot".format(bits, ", ".join(past))
        return "warn", found, "cool it better, then reboot: only that clears them"
    return "pass", "bits 0x{:x}".format(bits), ""

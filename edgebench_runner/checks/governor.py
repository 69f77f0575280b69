"""Does the governor keep the clock where it is?"""

from typing import Tuple

from edgebench_runner.fingerprint import frequency_policy


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Every policy's governor should be ``performance``."""
    governors = frequency_policy("scaling_governor")
    if governors is None:
        return "unknown", "no cpufreq here", "results say that the frequency is unknown"
    if all(name == "performance" for name in governors):
        return "pass", "performance", ""
    return "warn", ", ".join(sorted(set(governors))), "set the performance governor"

"""How warm is the board?"""

from typing import Tuple

from edgebench_runner.cooldown import hottest_c

_WARM_C = 60.0  # where a Raspberry Pi 3B+ begins to lower its clock; other boards do so later


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Warn of a board that starts near its limits."""
    temperature = hottest_c(about.sample)
    if temperature is None:
        return "unknown", "no sensor can be read", "results say that the temperature is unknown"
    status = "pass" if temperature < _WARM_C else "warn"
    return status, "{:.1f} C".format(temperature), "" if status == "pass" else "let it cool down, or cool it"

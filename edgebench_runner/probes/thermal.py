"""Temperatures in degrees Celsius by thermal zone; by hwmon sensor where there is no zone."""

import glob
import os
from typing import Dict, Optional

from edgebench_runner.probes import read_int, read_text

_PLAUSIBLE_C = (-40.0, 125.0)
_BOGUS_ZONE = "PMIC"  # PMIC-Die of a Jetson: a constant


class Probe(object):
    """Reads every zone that gives a plausible temperature."""

    def __init__(self, root: str = "/sys/class") -> None:
        self._paths = _zones(root) or _sensors(root)

    def read(self) -> Dict:
        """Return ``temperature_c``, or nothing where the board has no sensor."""
        if not self._paths:
            return {}
        values = {name: _celsius(path) for name, path in self._paths.items()}
        return {"temperature_c": values}


def _zones(root: str) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for zone in sorted(glob.glob(os.path.join(root, "thermal", "thermal_zone*"))):
        name = read_text(os.path.join(zone, "type")) or os.path.basename(zone)
        path = os.path.join(zone, "temp")
        if not name.startswith(_BOGUS_ZONE) and _celsius(path) is not None:
            found[_unique(name, found)] = path
    return found


def _sensors(root: str) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for path in sorted(glob.glob(os.path.join(root, "hwmon", "hwmon*", "temp*_input"))):
        chip = read_text(os.path.join(os.path.dirname(path), "name")) or "hwmon"
        label = read_text(path.replace("_input", "_label"))
        if _celsius(path) is not None:
            found[_unique("{} {}".format(chip, label) if label else chip, found)] = path
    return found


def _unique(name: str, taken: Dict[str, str]) -> str:
    candidates = (name if index == 0 else "{} {}".format(name, index + 1) for index in range(len(taken) + 1))
    return next(candidate for candidate in candidates if candidate not in taken)


def _celsius(path: str) -> Optional[float]:
    millidegrees = read_int(path)
    if millidegrees is None or not _PLAUSIBLE_C[0] <= millidegrees / 1000.0 <= _PLAUSIBLE_C[1]:
        return None
    return millidegrees / 1000.0

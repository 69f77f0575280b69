"""Power of a Jetson's supply rails in watts, from its INA3221 monitors."""

import glob
import os
from typing import Callable, Dict, Optional

from edgebench_runner.probes import read_int, read_text

_ROOT = "/sys/bus/i2c/drivers"
_CHANNELS = (1, 2, 3)


class Probe(object):
    """Reads each labelled rail: JetPack 5 and later through hwmon, JetPack 4 through its iio driver."""

    def __init__(self, root: str = _ROOT) -> None:
        self._rails: Dict[str, Callable[[], Optional[float]]] = {}
        for monitor in sorted(glob.glob(os.path.join(root, "ina3221", "*", "hwmon", "hwmon*"))):
            for channel in _CHANNELS:
                self._add(monitor, "in{}_label".format(channel), _hwmon_watts, channel)
        for monitor in sorted(glob.glob(os.path.join(root, "ina3221x", "*", "iio:device*"))):
            for channel in range(3):
                self._add(monitor, "rail_name_{}".format(channel), _iio_watts, channel)

    def _add(self, monitor: str, label_file: str, read: Callable, channel: int) -> None:
        label = read_text(os.path.join(monitor, label_file))
        if label and label != "NC":
            self._rails[label] = lambda: read(monitor, channel)

    def read(self) -> Dict:
        """Return ``rails_w``, or nothing where there is no monitor."""
        return {"rails_w": {label: read() for label, read in self._rails.items()}} if self._rails else {}


def _hwmon_watts(monitor: str, channel: int) -> Optional[float]:
    millivolts = read_int(os.path.join(monitor, "in{}_input".format(channel)))
    milliamperes = read_int(os.path.join(monitor, "curr{}_input".format(channel)))
    return None if millivolts is None or milliamperes is None else millivolts * milliamperes / 1e6


def _iio_watts(monitor: str, channel: int) -> Optional[float]:
    milliwatts = read_int(os.path.join(monitor, "in_power{}_input".format(channel)))
    return None if milliwatts is None else milliwatts / 1000.0

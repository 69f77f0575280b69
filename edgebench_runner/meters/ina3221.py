"""The INA3221 monitors of a Jetson: the rail, or the sum of rails, that stands for the whole module.

JetPack 5 and later show them through hwmon, JetPack 4 through its iio driver.
"""

import functools
import glob
import os
from typing import Any, Callable, Dict, List

from edgebench_runner.meters import Identity, MeterError, Values, number
from edgebench_runner.probes import read_text

HZ = 10.0
TOTALS = ("VDD_IN", "POM_5V_IN", "VIN")  # a rail that contains all others; they must not be added to it
DRIVERS = "/sys/bus/i2c/drivers"
Rails = Dict[str, Callable[[], Values]]


def rails(root: str = DRIVERS) -> Rails:
    """Return how each labelled rail of every monitor is read."""
    hwmon = glob.glob(os.path.join(root, "ina3221", "*", "hwmon", "hwmon*"))
    iio = glob.glob(os.path.join(root, "ina3221x", "*", "iio:device*"))
    return _rails_of(sorted(hwmon) + sorted(iio))


def _rails_of(monitors: List[str]) -> Rails:
    found: Rails = {}
    for monitor in monitors:
        for label_file, read, channels in (
            ("in{}_label", _hwmon, (1, 2, 3)),
            ("rail_name_{}", _iio, (0, 1, 2)),
        ):
            for channel in channels:
                label = read_text(os.path.join(monitor, label_file.format(channel)))
                if label and "NC" not in label:
                    found[label] = functools.partial(read, monitor, channel)
    return found


def _hwmon(monitor: str, channel: int) -> Values:
    volts = number(os.path.join(monitor, "in{}_input".format(channel)), 1e-3)
    amperes = number(os.path.join(monitor, "curr{}_input".format(channel)), 1e-3)
    return volts, amperes, volts * amperes


def _iio(monitor: str, channel: int) -> Values:
    watts = number(os.path.join(monitor, "in_power{}_input".format(channel)), 1e-3)
    volts = number(os.path.join(monitor, "in_voltage{}_input".format(channel)), 1e-3)
    return volts, watts / volts if volts else 0.0, watts


class Meter(object):
    """Adds up the chosen rails; the voltage is the first rail's.

    Args:
        port: ``auto``, or the directory of one monitor.
        options: ``rails``, a list of labels; without it the total rail, else all.
    """

    def __init__(self, port: str, options: Dict[str, Any]) -> None:
        known = rails() if port == "auto" else _rails_of([port])
        chosen = options.get("rails") or [label for label in known if label in TOTALS] or sorted(known)
        missing = [label for label in chosen if label not in known]
        if missing or not chosen:
            there = ", ".join(sorted(known)) or "none"
            raise MeterError("port {!r}: no rail {}; valid: {}".format(port, missing or "at all", there))
        self._labels: List[str] = chosen
        self._rails = [known[label] for label in chosen]
        self.read()

    def identity(self) -> Identity:
        """Name the rails, which decide what the numbers mean."""
        return {"model": "INA3221 " + "+".join(self._labels), "firmware": None, "serial": None}

    def read(self) -> Values:
        """Return volts, amperes and watts of now."""
        values = [read() for read in self._rails]
        volts, watts = values[0][0], sum(value[2] for value in values)
        return volts, watts / volts if volts else 0.0, watts

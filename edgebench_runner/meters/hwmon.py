"""A hwmon sensor of voltage and current on the board's own bus: INA219, INA226, INA228, INA238, INA260, ``powerz``."""

import os
from typing import Any, Dict

from edgebench_runner.meters import Identity, MeterError, Values, number, place, sensors
from edgebench_runner.probes import read_text

HZ = 10.0
_NAMES = ("powerz", "ina2")
_SHUNT_FIRST = "ina2"  # in these in0 is the shunt, in1 the bus


class Meter(object):
    """Voltage and current are two files, read one after the other; power is the sensor's own where it has one.

    Args:
        port: see ``edgebench_runner.meters.sensors``.
        options: none.
    """

    def __init__(self, port: str, options: Dict[str, Any]) -> None:
        found = sensors(port, _NAMES)
        if len(found) > 1:
            line = "port {!r}: {} sensors fit; name one by i2c:BUS-ADDRESS"
            raise MeterError(line.format(port, len(found)))
        self._sensor = found[0]
        self._name = read_text(os.path.join(self._sensor, "name")) or "?"
        self._voltage = "in1_input" if self._name.startswith(_SHUNT_FIRST) else "in0_input"
        self._has_power = os.path.exists(os.path.join(self._sensor, "power1_input"))
        self.read()

    def identity(self) -> Identity:
        """Name the sensor and its place on the bus."""
        return {"model": self._name, "firmware": None, "serial": place(self._sensor)}

    def read(self) -> Values:
        """Return volts, amperes and watts of now."""
        volts, amperes = self._number(self._voltage, 1e-3), self._number("curr1_input", 1e-3)
        watts = self._number("power1_input", 1e-6) if self._has_power else abs(volts * amperes)
        return volts, amperes, watts

    def _number(self, name: str, scale: float) -> float:
        return number(os.path.join(self._sensor, name), scale)

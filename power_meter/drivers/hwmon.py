"""Any hwmon sensor of voltage and current: ``powerz``, INA219, INA226, INA228, INA238, INA260."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from power_meter.contract import Caps, DriverInfo, MeterUnpluggedError
from power_meter.drivers._hwmon import find_hwmon, read_number
from power_meter.polled_values import PolledValuesMeter

NAMES = ("powerz", "ina2")
SHUNT_FIRST = "ina2"  # in these in0 is the shunt, in1 the bus

INFO = DriverInfo(
    name="hwmon",
    transport="sysfs",
    help="a kernel hwmon sensor of voltage and current (powerz, INA219/226/228/238/260), on the meter host's bus",
    caps=Caps(
        nominal_hz=50,
        update_hz=50,
        group_delay_s=0.0,
        v_resolution=1e-3,
        i_resolution=1e-3,
        v_range=85.0,
        i_range=100.0,
        signed=True,
    ),
    scopes=("dc_input", "module_input"),
)


class Hwmon(PolledValuesMeter):
    """Voltage and current are two files, read one after the other.

    Power is the sensor's own where it has one.
    """

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        found = find_hwmon(port, NAMES)
        if len(found) > 1:
            raise MeterUnpluggedError(f"port {port!r}: {len(found)} sensors fit; name one by i2c:BUS-ADDRESS")
        self._sensor = found[0]
        name = (self._sensor / "name").read_text().strip()
        self._name = name
        self._voltage = self._sensor / ("in1_input" if name.startswith(SHUNT_FIRST) else "in0_input")
        self._current = self._sensor / "curr1_input"
        self._power: Path | None = self._sensor / "power1_input"
        if not self._power.exists():
            self._power = None

    def identify(self) -> dict[str, str | None]:
        """See the base class."""
        self.measure()
        return {"model": self._name, "firmware": None, "serial": (self._sensor / "device").resolve().name}

    def measure(self) -> tuple[float, float, float]:
        """See the base class."""
        volts, amperes = read_number(self._voltage, 1e-3), read_number(self._current, 1e-3)
        watts = read_number(self._power, 1e-6) if self._power else abs(volts * amperes)
        return volts, amperes, watts

    def check_present(self) -> None:
        """See the base class."""
        if not self._sensor.exists():
            raise MeterUnpluggedError(f"port {self.port}: the sensor has gone")


METER = Hwmon

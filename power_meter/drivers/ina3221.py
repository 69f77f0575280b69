"""The INA3221 of Jetson boards: the rail, or the sum of rails, that stands for the whole module.

Runs on the board itself, so it disturbs what it measures: ten readings a second at most, and never in the
run that throughput is taken from. It sees the module, not the carrier board.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from power_meter.contract import Caps, DriverInfo, MeterError
from power_meter.drivers._hwmon import find_hwmon, rails, read_number
from power_meter.polled_values import PolledValuesMeter

TOTALS = ("VDD_IN", "POM_5V_IN", "VIN")  # a rail that contains all others; they must not be added to it

INFO = DriverInfo(
    name="ina3221",
    transport="sysfs",
    help="INA3221 rails of a Jetson, through the kernel; module power without the carrier board",
    caps=Caps(
        nominal_hz=10,
        update_hz=10,
        group_delay_s=0.05,
        v_resolution=8e-3,
        i_resolution=1e-3,
        v_range=26.0,
        i_range=30.0,
        u_i_pct=3.0,
    ),
    scopes=("module_input",),
    on_board=True,
    options={"rails": "list of rail labels to add up (default: the total rail, else all)"},
)


class Ina3221(PolledValuesMeter):
    """Adds up the chosen rails; the voltage reported is the first rail's."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        known = {label: (s, n) for s in find_hwmon(port, ("ina3221",)) for label, n in rails(s).items()}
        chosen = options.get("rails") or [label for label in known if label in TOTALS] or list(known)
        missing = [label for label in chosen if label not in known]
        if missing or not chosen:
            raise MeterError(f"port {port!r}: no rail {missing}; valid: {', '.join(known) or 'none'}")
        self._labels: list[str] = chosen
        self._channels: list[tuple[Path, int]] = [known[label] for label in chosen]

    def identify(self) -> dict[str, str | None]:
        """See the base class; the model names the rails, which decide what the numbers mean."""
        self.measure()
        return {"model": "INA3221 " + "+".join(self._labels), "firmware": None, "serial": None}

    def measure(self) -> tuple[float, float, float]:
        """See the base class."""
        pairs = [
            (
                read_number(sensor / f"in{number}_input", 1e-3),
                read_number(sensor / f"curr{number}_input", 1e-3),
            )
            for sensor, number in self._channels
        ]
        watts = sum(volts * amperes for volts, amperes in pairs)
        volts = pairs[0][0]
        return volts, watts / volts if volts else 0.0, watts


METER = Ina3221

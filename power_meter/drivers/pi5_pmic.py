"""The power controller of a Raspberry Pi 5, through ``vcgencmd pmic_read_adc``.

It has no channel for the 5 V current: USB devices, HATs, NVMe, the fan and its own losses are missing from
the sum, so the scope is ``pmic_rails`` and never compares with an input power. It runs on the board and
starts a process for every reading; throughput must come from another run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

from power_meter.contract import Caps, DriverInfo, MeterError, MeterUnpluggedError
from power_meter.polled_values import PolledValuesMeter

LINE = re.compile(r"^\s*(\S+)_([AV])\s+(?:current|volt)\(\d+\)=([0-9.]+)[AV]\s*$", re.MULTILINE)
SUPPLY = "EXT5V"
RAILS_EXPECTED = 12
LARGEST = 100.0  # volts or amperes
LEAST_SUPPLY_V = 1.0
COMMAND_WITHIN_S = 1.0

INFO = DriverInfo(
    name="pi5_pmic",
    transport="command",
    help="Raspberry Pi 5 power controller (vcgencmd): the sum of its 12 rails, not the board's input",
    caps=Caps(
        nominal_hz=10,
        update_hz=10,
        group_delay_s=0.0,
        v_resolution=1e-5,
        i_resolution=1e-5,
        v_range=30.0,
        i_range=30.0,
        u_v_pct=2.0,
        u_i_pct=5.0,
    ),
    scopes=("pmic_rails",),
    on_board=True,
)


def sum_of_rails(text: str) -> tuple[float, float, float]:
    """Return supply voltage, equivalent current and the sum of voltage x current over the rails that have
    both.

    Raises:
        MeterError: fewer rails than the board has; a partial sum would pass for a low power.
    """
    values: dict[str, dict[str, float]] = {}
    for rail, quantity, number in LINE.findall(text):
        try:
            value = float(number)
        except ValueError as error:
            raise MeterError(f"rail {rail}: {number!r:.40} is no number") from error
        if value > LARGEST:
            raise MeterError(f"rail {rail}: {number:.40} is out of range")
        values.setdefault(rail, {})[quantity] = value
    both = [rail for rail in values.values() if len(rail) == 2]
    if len(both) < RAILS_EXPECTED:
        raise MeterError(f"{len(both)} rails with voltage and current; {RAILS_EXPECTED} are expected")
    watts = sum(rail["A"] * rail["V"] for rail in both)
    supply = values.get(SUPPLY, {}).get("V")
    if supply is None or supply < LEAST_SUPPLY_V:
        raise MeterError(f"rail {SUPPLY} is missing, or without a voltage")
    return supply, watts / supply, watts


class Pi5Pmic(PolledValuesMeter):
    """Runs the command for every reading."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        found = shutil.which("vcgencmd")
        if found is None:
            raise MeterUnpluggedError("vcgencmd: not found; this driver runs on a Raspberry Pi 5 only")
        self._command = [found, "pmic_read_adc"]

    def identify(self) -> dict[str, str | None]:
        """See the base class."""
        self.measure()
        return {"model": "Raspberry Pi 5 PMIC", "firmware": None, "serial": None}

    def measure(self) -> tuple[float, float, float]:
        """See the base class."""
        try:
            done = subprocess.run(
                self._command, capture_output=True, text=True, timeout=COMMAND_WITHIN_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise MeterError(f"vcgencmd pmic_read_adc: {error}") from error
        return sum_of_rails(done.stdout)


METER = Pi5Pmic

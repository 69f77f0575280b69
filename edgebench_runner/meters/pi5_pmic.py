"""The power controller of a Raspberry Pi 5, through ``vcgencmd pmic_read_adc``: the sum of its rails.

It has no channel for the 5 V current, so the sum is not what the board draws. Each reading starts a process.
"""

import os
import re
import subprocess
import threading
from typing import Any, Dict

from edgebench_runner.meters import Identity, MeterError, Values

HZ = 2.0  # a process each time
_LINE = re.compile(r"^\s*(\S+)_([AV])\s+(?:current|volt)\(\d+\)=([0-9]+(?:\.[0-9]+)?)[AV]\s*$", re.MULTILINE)
_SUPPLY = "EXT5V"
_RAILS_EXPECTED = 12
_WITHIN_S = 1.0


class Meter(object):
    """Runs the command for every reading.

    Args:
        port: ``auto``, or the path of the command.
        options: none.

    Attributes:
        children_cpu_s: what the commands have taken.
    """

    def __init__(self, port: str, options: Dict[str, Any]) -> None:
        self.children_cpu_s = 0.0
        self._command = ["vcgencmd" if port == "auto" else port, "pmic_read_adc"]
        self.read()

    def identity(self) -> Identity:
        """Name the power controller."""
        return {"model": "Raspberry Pi 5 PMIC", "firmware": None, "serial": None}

    def read(self) -> Values:
        """Return volts, amperes and watts of now."""
        try:
            command = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            raise MeterError("{}: {}".format(self._command[0], error.strerror)) from None
        timer = threading.Timer(_WITHIN_S, command.kill)
        timer.start()
        assert command.stdout is not None
        with command.stdout:
            said = command.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(command.pid, 0)
        timer.cancel()
        command.returncode = status
        self.children_cpu_s += usage.ru_utime + usage.ru_stime
        if status:
            raise MeterError(
                "{} pmic_read_adc: status {}: {}".format(self._command[0], status, said.strip()[:200])
            )
        return sum_of_rails(said)


def sum_of_rails(text: str) -> Values:
    """Return supply voltage, the current that it would need, and the sum of volts x amperes over the rails.

    Raises:
        MeterError: rails are missing; a partial sum would pass for a low power.
    """
    values: Dict[str, Dict[str, float]] = {}
    for rail, quantity, reading in _LINE.findall(text):
        values.setdefault(rail, {})[quantity] = float(reading)
    both = [rail for rail in values.values() if len(rail) == 2]
    supply = values.get(_SUPPLY, {}).get("V", 0.0)
    if len(both) < _RAILS_EXPECTED or supply < 1.0:
        line = "{} rails with voltage and current; {} and the supply's voltage are expected"
        raise MeterError(line.format(len(both), _RAILS_EXPECTED))
    watts = sum(rail["A"] * rail["V"] for rail in both)
    return supply, watts / supply, watts

"""The power mode of a Jetson: how many cores, which clocks, how many watts."""

import re
from typing import Dict, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

CONFIGURATION = "/etc/nvpmodel.conf"


class Knob(BaseKnob):
    """State and wanted: the name of a mode. Numbers differ from board to board and are never asked for."""

    HELP = "power mode of a Jetson by its name, e.g. MAXN"
    ORDER = 20

    def _modes(self) -> Dict[str, str]:
        text = self.system.read(CONFIGURATION) or ""
        return {
            name: number for number, name in re.findall(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+?)\s*>", text)
        }

    def read(self) -> Optional[str]:
        """Return the mode the board is in."""
        if not self.system.has("nvpmodel"):
            return None
        match = re.search(r"Power Mode:\s*(\S+)", self.system.run(["nvpmodel", "-q"]))
        return match.group(1) if match else None

    def target(self, state: str) -> str:
        """Return the wanted mode."""
        if self.wanted not in self._modes():
            message = "no power mode {!r}; valid: {}".format(self.wanted, ", ".join(self._modes()))
            raise TuningError(message)
        return self.wanted

    def write(self, state: str) -> None:
        """Change the mode; a tool that asks whether to reboot is told no: whoever tunes decides when."""
        self.system.run(["nvpmodel", "-m", self._modes()[state]], answer="no\n")

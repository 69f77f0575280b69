"""All clocks of a Jetson (CPU, GPU, memory) at the maximum of its power mode."""

import os
import re
from typing import Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

STORE = "/var/lib/edgebench/jetson_clocks.before"


class Knob(BaseKnob):
    """State and wanted: true where every clock is held at its maximum."""

    HELP = "hold a Jetson's clocks at the maximum of its power mode: true"
    ORDER = 90

    def read(self) -> Optional[bool]:
        """Return whether every clock that the tool shows is held: its lower limit is its upper one."""
        if not self.system.has("jetson_clocks"):
            return None
        limits = re.findall(r"MinFreq=(\d+)\s+MaxFreq=(\d+)", self.system.run(["jetson_clocks", "--show"]))
        return bool(limits) and all(low == high for low, high in limits)

    def target(self, state: bool) -> bool:
        """Return what is wanted."""
        if self.wanted is not True:
            raise TuningError(
                "expected true, found {!r}; reset gives back what was there".format(self.wanted)
            )
        return True

    def write(self, state: bool) -> None:
        """Store the clocks and hold them, or give back what was stored."""
        if state:
            if self.system.read_exactly(STORE) is None:
                os.makedirs(os.path.dirname(self.system.path(STORE)), exist_ok=True)
                self.system.run(["jetson_clocks", "--store", self.system.path(STORE)])
            self.system.run(["jetson_clocks"])
        elif self.system.read_exactly(STORE) is not None:
            self.system.run(["jetson_clocks", "--restore", self.system.path(STORE)])
            self.system.replace(STORE, None)

"""Swap, on disk or in compressed memory (zram)."""

from typing import Any, Dict, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

# Raspberry Pi OS since trixie makes its swap by a generator; nothing but its own switch keeps it from coming back.
RPI_SWAP = "/etc/rpi/swap.conf"
RPI_SWAP_DROP_IN = "/etc/rpi/swap.conf.d/99-edgebench.conf"
# The kernel numbers areas that have no priority of their own from -2 downwards and takes no such number back.
KERNELS_CHOICE = -1
RPI_SWAP_OFF = "[Main]\nMechanism=none\n"


class Knob(BaseKnob):
    """State: {"active": [[path, priority] …], "rpi_swap": text of our drop-in or null}; wanted: false, for off."""

    HELP = "swap and zram: false switches them off"
    ORDER = 30

    def read(self) -> Optional[Dict[str, Any]]:
        """Return the active areas with their priorities."""
        table = self.system.read("/proc/swaps")
        if table is None:
            return None
        rows = [line.split() for line in table.splitlines()[1:]]
        active = sorted([row[0], max(int(row[-1]), KERNELS_CHOICE)] for row in rows)
        return {"active": active, "rpi_swap": self.system.read_exactly(RPI_SWAP_DROP_IN)}

    def target(self, state: Dict[str, Any]) -> Dict[str, Any]:
        """Return a state without swap."""
        if self.wanted is not False:
            raise TuningError(
                "expected false (off), found {!r}; reset gives back what was there".format(self.wanted)
            )
        has_generator = self.system.read(RPI_SWAP) is not None
        return {"active": [], "rpi_swap": RPI_SWAP_OFF if has_generator else state["rpi_swap"]}

    def write(self, state: Dict[str, Any]) -> None:
        """Switch areas off that are not in the state and on that are."""
        found = self.read() or {"active": [], "rpi_swap": None}
        if state["rpi_swap"] != found["rpi_swap"]:
            self.system.replace(RPI_SWAP_DROP_IN, state["rpi_swap"])
        for area in found["active"]:
            if area not in state["active"]:
                self.system.run(["swapoff", area[0]])
        for area in state["active"]:
            if area not in found["active"]:
                self.system.run(["swapon", *self._priority(area[1]), area[0]])

    @staticmethod
    def _priority(priority: int) -> List[str]:
        return [] if priority == KERNELS_CHOICE else ["--priority", str(priority)]

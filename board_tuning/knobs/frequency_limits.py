"""The CPU frequency limits of every policy, in kilohertz."""

from typing import Any, Dict, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob
from board_tuning.knobs.governor import POLICIES

WORDS = ("lowest", "highest")


class Knob(BaseKnob):
    """State: {policy directory: [min_khz, max_khz]}; wanted: {"min": …, "max": …} of kilohertz, lowest or highest."""

    HELP = "CPU frequency limits, e.g. {min: highest, max: highest}"

    def read(self) -> Optional[Dict[str, List[int]]]:
        """Return the limits of each policy."""
        limits = {}
        for policy in self.system.glob(POLICIES):
            low, high = (self.system.read(policy + "/scaling_{}_freq".format(end)) for end in ("min", "max"))
            if low and high:
                limits[policy] = [int(low), int(high)]
        return limits or None

    def target(self, state: Dict[str, List[int]]) -> Dict[str, List[int]]:
        """Return the wanted limits; an end that is not named stays."""
        if not isinstance(self.wanted, dict) or not self.wanted or set(self.wanted) - {"min", "max"}:
            raise TuningError("expected min and max, found {!r}".format(self.wanted))
        limits = {}
        for policy, (low, high) in state.items():
            ends = [
                self._khz(policy, self.wanted.get("min", low)),
                self._khz(policy, self.wanted.get("max", high)),
            ]
            if ends[0] > ends[1]:
                raise TuningError("{}: min {} kHz is above max {} kHz".format(policy, *ends))
            limits[policy] = ends
        return limits

    def _khz(self, policy: str, value: Any) -> int:
        low, high = (
            int(self.system.read(policy + "/cpuinfo_{}_freq".format(end)) or 0) for end in ("min", "max")
        )
        if value in WORDS:
            return low if value == "lowest" else high
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            message = "{}: no frequency {!r}; valid: {} to {} kHz, {}".format(
                policy, value, low, high, " or ".join(WORDS)
            )
            raise TuningError(message)
        return value

    def write(self, state: Dict[str, List[int]]) -> None:
        """Set the limits; the end that gives way goes first, for the kernel refuses min above max."""
        for policy, (low, high) in state.items():
            ends = [("min", low), ("max", high)]
            if low > int(self.system.read(policy + "/scaling_max_freq") or 0):
                ends.reverse()
            for end, khz in ends:
                self.system.write(policy + "/scaling_{}_freq".format(end), str(khz))

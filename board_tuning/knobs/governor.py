"""The CPU frequency governor of every policy."""

from typing import Dict, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

POLICIES = "/sys/devices/system/cpu/cpufreq/policy*"


class Knob(BaseKnob):
    """State: {policy directory: governor}; wanted: the name of a governor."""

    HELP = "CPU frequency governor, e.g. performance"

    def read(self) -> Optional[Dict[str, str]]:
        """Return the governor of each policy."""
        found = {
            policy: self.system.read(policy + "/scaling_governor") for policy in self.system.glob(POLICIES)
        }
        return {policy: governor for policy, governor in found.items() if governor} or None

    def target(self, state: Dict[str, str]) -> Dict[str, str]:
        """Return the same governor for every policy."""
        for policy in state:
            valid = (self.system.read(policy + "/scaling_available_governors") or "").split()
            if valid and self.wanted not in valid:
                message = "{} has no governor {!r}; valid: {}".format(policy, self.wanted, ", ".join(valid))
                raise TuningError(message)
        return dict.fromkeys(state, self.wanted)

    def write(self, state: Dict[str, str]) -> None:
        """Set each policy's governor."""
        for policy, governor in state.items():
            self.system.write(policy + "/scaling_governor", governor)

"""A fan that the board itself drives by pulse width."""

from typing import Dict, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

JETPACK_4 = "/sys/devices/pwm-fan/target_pwm"
FULL = 255


class Knob(BaseKnob):
    """State: {file: value}; wanted: 0 to 255, or full."""

    HELP = "fan speed, 0 to 255 or full: a fan that follows the temperature makes every board a different one"

    def read(self) -> Optional[Dict[str, str]]:
        """Return the settings of every fan."""
        paths = self.system.glob(JETPACK_4)
        for name in self.system.glob("/sys/class/hwmon/hwmon*/name"):
            if self.system.read(name) == "pwmfan":
                directory = name[: -len("name")]
                paths += self.system.glob(directory + "pwm1_enable") + self.system.glob(directory + "pwm1")
        return {path: self.system.read(path) or "" for path in paths} or None

    def target(self, state: Dict[str, str]) -> Dict[str, str]:
        """Return all fans under manual control at one speed."""
        speed = FULL if self.wanted == "full" else self.wanted
        if isinstance(speed, bool) or not isinstance(speed, int) or not 0 <= speed <= FULL:
            raise TuningError("no fan speed {!r}; valid: 0 to {}, full".format(self.wanted, FULL))
        return {path: "1" if path.endswith("_enable") else str(speed) for path in state}

    def write(self, state: Dict[str, str]) -> None:
        """Write speed and control; a fan that goes back to its own control gets its speed first."""
        automatic = any(path.endswith("_enable") and value != "1" for path, value in state.items())
        for path in sorted(state, key=lambda path: path.endswith("_enable") == automatic):
            self.system.write(path, state[path])

"""Wi-Fi and Bluetooth transmitters."""

from typing import Dict, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob


class Knob(BaseKnob):
    """State: {radio: "0" or "1" for blocked}; wanted: false, for off."""

    HELP = "Wi-Fi and Bluetooth: false switches them off (refused on a board that is reached by Wi-Fi)"

    def read(self) -> Optional[Dict[str, str]]:
        """Return whether each radio is blocked."""
        found = {path: self.system.read(path) for path in self.system.glob("/sys/class/rfkill/rfkill*/soft")}
        return {path: value for path, value in found.items() if value is not None} or None

    def target(self, state: Dict[str, str]) -> Dict[str, str]:
        """Return all radios blocked."""
        if self.wanted is not False:
            raise TuningError(
                "expected false (off), found {!r}; reset gives back what was there".format(self.wanted)
            )
        interface = self._default_interface()
        if interface and self.system.glob("/sys/class/net/{}/wireless".format(interface)):
            raise TuningError(
                "the board is reached by Wi-Fi ({}): connect it by cable first".format(interface)
            )
        return dict.fromkeys(state, "1")

    def _default_interface(self) -> Optional[str]:
        rows = [line.split() for line in (self.system.read("/proc/net/route") or "").splitlines()[1:]]
        return next((row[0] for row in rows if row[1] == "00000000"), None)

    def write(self, state: Dict[str, str]) -> None:
        """Block and unblock."""
        for path, value in state.items():
            self.system.write(path, value)

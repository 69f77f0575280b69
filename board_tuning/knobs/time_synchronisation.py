"""Whether the board's clock follows a time server."""

from typing import Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob


class Knob(BaseKnob):
    """State and wanted: true or false."""

    HELP = "clock follows a time server: true or false"

    def read(self) -> Optional[bool]:
        """Return whether it does, ``None`` where the board has nothing to do it with."""
        if not self.system.has("timedatectl"):
            return None
        # `timedatectl show` is younger than Ubuntu 18.04, whose `status` has no stable form: ask the bus itself.
        prefix = ["busctl", "get-property", "org.freedesktop.timedate1", "/org/freedesktop/timedate1"]
        try:
            can, on = (
                self.system.run([*prefix, "org.freedesktop.timedate1", name]) for name in ("CanNTP", "NTP")
            )
        except TuningError:
            return None
        return on.split() == ["b", "true"] if can.split() == ["b", "true"] else None

    def target(self, state: bool) -> bool:
        """Return what is wanted."""
        if not isinstance(self.wanted, bool):
            raise TuningError("expected true or false, found {!r}".format(self.wanted))
        return self.wanted

    def write(self, state: bool) -> None:
        """Switch it."""
        self.system.run(["timedatectl", "set-ntp", "true" if state else "false"])

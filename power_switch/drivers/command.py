"""Any two or three commands: ``on``, ``off`` and, to verify, ``read``, whose output says on or off."""

from __future__ import annotations

import re

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._run import run


class CommandSwitch(Switch):
    """Commands are lists of words; no shell is involved."""

    required = ("on", "off")
    optional = {  # noqa: RUF012 - declared in the base class
        "read": None,
        "on_pattern": r"\b(on|power|true)\b",
        "off_pattern": r"\b(off|false)\b",
        "timeout_s": 30.0,
    }

    @property
    def device(self) -> str:
        """See the base class; what the commands share is not known, so each pair is a device of its own."""
        return " ".join(self.options["off"])

    def set(self, *, on: bool) -> None:
        """See the base class."""
        run(self.options["on" if on else "off"], self.options["timeout_s"])

    def read(self) -> bool | None:
        """See the base class."""
        if not self.options["read"]:
            return None
        text = run(self.options["read"], self.options["timeout_s"])
        found = [
            bool(re.search(self.options[f"{key}_pattern"], text, re.IGNORECASE)) for key in ("on", "off")
        ]
        if found[0] == found[1]:
            raise SwitchError(
                f"{self.options['read'][0]}: its output says neither or both of on and off: {text!r:.120}"
            )
        return found[0]


SWITCH = CommandSwitch

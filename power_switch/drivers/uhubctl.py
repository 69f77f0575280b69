"""A USB hub with switchable ports, through ``uhubctl``."""

from __future__ import annotations

import re

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._run import run


class UhubctlSwitch(Switch):
    """``location`` and ``port`` as ``uhubctl`` prints them."""

    required = ("location", "port")
    optional = {"uhubctl": "uhubctl", "timeout_s": 20.0}  # noqa: RUF012 - declared in the base class

    @property
    def device(self) -> str:
        """See the base class."""
        return f"uhubctl {self.options['location']}"

    def set(self, *, on: bool) -> None:
        """See the base class."""
        self._run("--action", "on" if on else "off")

    def read(self) -> bool | None:
        """See the base class."""
        text = self._run()
        found = re.search(rf"^\s*Port {re.escape(str(self.options['port']))}: \w+ (.*)$", text, re.MULTILINE)
        if found is None:
            raise SwitchError(f"{self.device}: port {self.options['port']} is not listed")
        return "power" in found[1].split()

    def _run(self, *more: str) -> str:
        port = ["--location", str(self.options["location"]), "--ports", str(self.options["port"])]
        return run([self.options["uhubctl"], *port, *more], self.options["timeout_s"])


SWITCH = UhubctlSwitch

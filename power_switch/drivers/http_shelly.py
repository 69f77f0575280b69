"""Shelly plugs and relays of the second generation and later, over their local HTTP interface."""

from __future__ import annotations

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._http import get


class ShellySwitch(Switch):
    """``/rpc/Switch.Set`` and ``/rpc/Switch.GetStatus``."""

    required = ("url",)
    optional = {"id": 0, "timeout_s": 5.0}  # noqa: RUF012 - declared in the base class

    @property
    def device(self) -> str:
        """See the base class."""
        return str(self.options["url"])

    def set(self, *, on: bool) -> None:
        """See the base class."""
        query = {"id": self.options["id"], "on": "true" if on else "false"}
        get(self.options["url"], "/rpc/Switch.Set", query, self.options["timeout_s"])

    def read(self) -> bool | None:
        """See the base class."""
        query = {"id": self.options["id"]}
        status = get(self.options["url"], "/rpc/Switch.GetStatus", query, self.options["timeout_s"])
        if not isinstance(status, dict) or not isinstance(status.get("output"), bool):
            raise SwitchError(f"{self.device}: its status has no 'output': {status!r:.120}")
        return bool(status["output"])


SWITCH = ShellySwitch

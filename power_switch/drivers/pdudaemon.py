"""Anything that a running PDUDaemon controls, over its HTTP listener. It cannot tell a state: set ``verify: false``."""

from __future__ import annotations

from power_switch.contract import Switch
from power_switch.drivers._http import get


class PduDaemonSwitch(Switch):
    """``pdu`` is the hostname of the unit in PDUDaemon's configuration, ``port`` its outlet."""

    required = ("url", "pdu", "port")
    optional = {"timeout_s": 30.0}  # noqa: RUF012 - declared in the base class

    @property
    def device(self) -> str:
        """See the base class."""
        return f"{self.options['url']} {self.options['pdu']}"

    def set(self, *, on: bool) -> None:
        """See the base class."""
        query = {"hostname": self.options["pdu"], "port": self.options["port"]}
        get(self.options["url"], f"/power/control/{'on' if on else 'off'}", query, self.options["timeout_s"])

    def read(self) -> bool | None:
        """See the base class."""
        return None


SWITCH = PduDaemonSwitch

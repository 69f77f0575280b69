"""Tasmota plugs and relays over their local HTTP interface."""

from __future__ import annotations

from typing import Any

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._http import get


class TasmotaSwitch(Switch):
    """The command ``Power<relay>``, which answers with the relay's state."""

    required = ("url",)
    optional = {"relay": 1, "user": None, "password": None, "timeout_s": 5.0}  # noqa: RUF012 - declared in the base class

    @property
    def device(self) -> str:
        """See the base class."""
        return str(self.options["url"])

    def set(self, *, on: bool) -> None:
        """See the base class."""
        self._command("On" if on else "Off")

    def read(self) -> bool | None:
        """See the base class."""
        answer = self._command("")
        states = [answer[key] for key in (f"POWER{self.options['relay']}", "POWER") if key in answer]
        if not states or states[0] not in ("ON", "OFF"):
            raise SwitchError(f"{self.device}: its answer has no state of the relay: {answer!r:.120}")
        return bool(states[0] == "ON")

    def _command(self, argument: str) -> dict[str, Any]:
        query = {"cmnd": f"Power{self.options['relay']} {argument}".strip()}
        if self.options["user"]:
            query |= {"user": self.options["user"], "password": self.options["password"] or ""}
        answer = get(self.options["url"], "/cm", query, self.options["timeout_s"])
        if not isinstance(answer, dict) or "WARNING" in answer:
            raise SwitchError(f"{self.device}: refused: {answer!r:.120}")
        return answer


SWITCH = TasmotaSwitch

"""Shelly plugs and relays over their local HTTP interface, of the first generation and of the later ones."""

from __future__ import annotations

from typing import Any

from power_switch.contract import Switch, SwitchError
from power_switch.drivers._http import get


class ShellySwitch(Switch):
    """``/relay/<id>`` of the first generation, ``/rpc/Switch.Set`` and ``/rpc/Switch.GetStatus`` of the later ones.

    Which one it is, the device says at ``/shelly``, unless ``generation`` does.
    """

    required = ("url",)
    optional = {"id": 0, "generation": None, "user": None, "password": None, "timeout_s": 5.0}  # noqa: RUF012 - declared in the base class

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self._generation: int | None = self.options["generation"]

    @property
    def device(self) -> str:
        """See the base class."""
        return str(self.options["url"])

    def set(self, *, on: bool) -> None:
        """See the base class."""
        if self._is_first():
            self._get(f"/relay/{self.options['id']}", {"turn": "on" if on else "off"})
        else:
            self._get("/rpc/Switch.Set", {"id": self.options["id"], "on": "true" if on else "false"})

    def read(self) -> bool | None:
        """See the base class."""
        if self._is_first():
            status, key = self._get(f"/relay/{self.options['id']}", {}), "ison"
        else:
            status, key = self._get("/rpc/Switch.GetStatus", {"id": self.options["id"]}), "output"
        if not isinstance(status, dict) or not isinstance(status.get(key), bool):
            raise SwitchError(f"{self.device}: its status has no '{key}': {status!r:.120}")
        return bool(status[key])

    def _is_first(self) -> bool:
        if self._generation is None:
            about = self._get("/shelly", {})
            if not isinstance(about, dict):
                raise SwitchError(f"{self.device}: no Shelly answers there: {about!r:.120}")
            self._generation = int(about.get("gen") or 1)  # the first generation does not say
        return self._generation == 1

    def _get(self, path: str, query: dict[str, Any]) -> Any:
        options = self.options
        return get(options["url"], path, query, options["timeout_s"], options["user"], options["password"])


SWITCH = ShellySwitch

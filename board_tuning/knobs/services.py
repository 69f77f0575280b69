"""Services and timers that would disturb a measurement."""

from typing import Any, Dict, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

SUFFIXES = (".service", ".timer", ".socket", ".path")
USUAL = [
    *("apt-daily.timer", "apt-daily-upgrade.timer", "unattended-upgrades.service", "man-db.timer"),
    *("packagekit.service", "snapd.service", "snapd.socket", "bluetooth.service", "hciuart.service"),
    *("cups.service", "cups.socket", "cups.path", "triggerhappy.service", "ModemManager.service"),
    *("rpi-eeprom-update.service", "dphys-swapfile.service", "nvzramconfig.service", "fstrim.timer"),
]


class Knob(BaseKnob):
    """State: {unit: {"enabled": as systemctl says, "active": bool}} of the units that the board has.

    Of those that are wanted, and of those that were when the ledger was written: they are put back.
    """

    HELP = "units to stop and mask: a list, or usual for those that disturb most"
    ORDER = 40

    def _wanted_units(self) -> List[str]:
        return USUAL if self.wanted in (None, "usual") else self.wanted

    def read(self) -> Optional[Dict[str, Dict[str, Any]]]:
        """Return the state of each unit; ``None`` without systemd."""
        if not self.system.runs_systemd():
            return None
        units = dict.fromkeys([*self._wanted_units(), *(self.found or {})])
        return {unit: state for unit, state in ((unit, self._show(unit)) for unit in units) if state}

    def _show(self, unit: str) -> Optional[Dict[str, Any]]:
        properties = "LoadState,UnitFileState,ActiveState"
        text = self.system.run(["systemctl", "show", "--property", properties, unit])
        values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        if values.get("LoadState") in (None, "not-found"):
            return None
        enabled = values.get("UnitFileState", "")
        if values["LoadState"] == "masked" and not enabled.startswith("masked"):
            enabled = "masked"  # Ubuntu 18.04's systemd calls it bad
        return {"enabled": enabled, "active": values.get("ActiveState") == "active"}

    def target(self, state: Dict[str, Dict[str, Any]]) -> Dict[str, Dict[str, Any]]:
        """Return the wanted units masked and stopped, the others as they were found."""
        wanted = self._wanted_units()
        if not isinstance(wanted, list) or not all(str(unit).endswith(SUFFIXES) for unit in wanted):
            valid = "usual, or a list of units ending in {}".format(", ".join(SUFFIXES))
            raise TuningError("expected {}; found {!r}".format(valid, self.wanted))
        masked = {"enabled": "masked", "active": False}
        return {unit: masked if unit in wanted else self.found[unit] for unit in state}

    def write(self, state: Dict[str, Dict[str, Any]]) -> None:
        """Mask, unmask, enable, disable, start and stop until each unit is as in the state."""
        for unit, wanted in state.items():
            self._set_enabled(unit, wanted["enabled"])
            now = self._show(unit)
            if now and now["active"] != wanted["active"]:
                self.system.run(["systemctl", "start" if wanted["active"] else "stop", unit])

    def _set_enabled(self, unit: str, wanted: str) -> None:
        now = (self._show(unit) or {"enabled": ""})["enabled"]
        if now == wanted:
            return
        if wanted == "masked":
            self.system.run(["systemctl", "mask", "--now", unit])
            return
        if now == "masked":
            self.system.run(["systemctl", "unmask", unit])
        if wanted in ("enabled", "disabled"):
            self.system.run(["systemctl", wanted[:-1], unit])  # enable, disable

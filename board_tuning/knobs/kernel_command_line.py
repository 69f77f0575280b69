"""Parameters of the kernel: the memory cgroup of a Raspberry Pi, isolated cores, a Jetson's own settings."""

import re
from typing import Dict, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

# Raspberry Pi: one line. Jetson: the APPEND line of the bootloader's menu.
ONE_LINE = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
EXTLINUX = "/boot/extlinux/extlinux.conf"


class Knob(BaseKnob):
    """State: {"path": …, "text": the whole file}; wanted: {"add": [parameter …], "remove": [parameter …]}."""

    HELP = "kernel parameters, e.g. {add: [cgroup_enable=memory], remove: [isolcpus=1-2]}"
    AFTER_REBOOT = True

    def read(self) -> Optional[Dict[str, str]]:
        """Return the file."""
        for path in (*ONE_LINE, EXTLINUX):
            text = self.system.read_exactly(path)
            if text is not None:
                return {"path": path, "text": text}
        return None

    def target(self, state: Dict[str, str]) -> Dict[str, str]:
        """Return the file with the parameters added where they lack, and removed."""
        if not isinstance(self.wanted, dict) or not self.wanted or set(self.wanted) - {"add", "remove"}:
            raise TuningError("expected add and remove, found {!r}".format(self.wanted))
        text = state["text"]
        if state["path"] == EXTLINUX:
            text = re.sub(
                r"(?m)^(\s*APPEND )(.*)$", lambda found: found.group(1) + self._edit(found.group(2)), text
            )
        else:
            line, newline, rest = text.partition("\n")
            text = self._edit(line) + newline + rest
        return {"path": state["path"], "text": text}

    def restored(self, state: Dict[str, str], before: Dict[str, str]) -> Dict[str, str]:
        """Return the file as it was; where others have edited it since, as it is without our own edits."""
        if state in (before, self.target(before)):
            return before
        there = before["text"].split()
        ours = {
            "add": [word for word in self.wanted.get("remove", []) if word in there],
            "remove": [word for word in self.wanted.get("add", []) if word not in there],
        }
        return Knob(self.system, ours).target(state)

    def _edit(self, line: str) -> str:
        kept: List[str] = [word for word in line.split(" ") if word not in self.wanted.get("remove", [])]
        return " ".join(kept + [word for word in self.wanted.get("add", []) if word not in kept])

    def write(self, state: Dict[str, str]) -> None:
        """Replace the file."""
        self.system.replace(state["path"], state["text"])

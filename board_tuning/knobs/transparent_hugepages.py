"""Whether the kernel hands out huge pages on its own."""

import re
from typing import Dict, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

DIRECTORY = "/sys/kernel/mm/transparent_hugepage/"


class Knob(BaseKnob):
    """State: {"enabled": …, "defrag": …}; wanted: one word for both, e.g. madvise or never."""

    HELP = "transparent huge pages: madvise or never"

    def _words(self, name: str) -> List[str]:
        return re.findall(r"[\w+]+", self.system.read(DIRECTORY + name) or "")

    def read(self) -> Optional[Dict[str, str]]:
        """Return the chosen word of both files: the one in brackets."""
        state = {}
        for name in ("enabled", "defrag"):
            match = re.search(r"\[([\w+]+)\]", self.system.read(DIRECTORY + name) or "")
            if match and self.system.can_write(DIRECTORY + name):
                state[name] = match.group(1)
        return state or None

    def target(self, state: Dict[str, str]) -> Dict[str, str]:
        """Return the word for both files."""
        for name in state:
            if self.wanted not in self._words(name):
                message = "{} cannot be {!r}; valid: {}".format(
                    name, self.wanted, ", ".join(self._words(name))
                )
                raise TuningError(message)
        return dict.fromkeys(state, self.wanted)

    def write(self, state: Dict[str, str]) -> None:
        """Write both files."""
        for name, word in state.items():
            self.system.write(DIRECTORY + name, word)

"""Settings of a Raspberry Pi's firmware: force_turbo, memory split, radios, HDMI, in config.txt."""

from typing import Any, List, Optional

from board_tuning.errors import TuningError
from board_tuning.knobs._base import BaseKnob

PLACES = ("/boot/firmware/config.txt", "/boot/config.txt")
# With the line break before it, so that taking the block out leaves the file as it was, byte for byte.
BEGIN = "\n# edgebench: begin, removed by restore.yml\n[all]\n"
END = "# edgebench: end\n"


class Knob(BaseKnob):
    """State and wanted: the lines of our own block at the end of config.txt; the rest of the file is the user's."""

    HELP = "lines of config.txt, e.g. [force_turbo=1, gpu_mem=16, dtoverlay=disable-bt]"
    AFTER_REBOOT = True

    def _path(self) -> Optional[str]:
        return next((path for path in PLACES if self.system.read_exactly(path) is not None), None)

    def read(self) -> Optional[List[str]]:
        """Return the lines of our block, none where there is no block."""
        path = self._path()
        if path is None:
            return None
        return (self.system.read_exactly(path) or "").partition(BEGIN)[2].partition(END)[0].splitlines()

    def target(self, state: List[str]) -> List[str]:
        """Return the wanted lines."""
        if not isinstance(self.wanted, list) or not all(self._is_line(line) for line in self.wanted):
            raise TuningError("expected a list of lines like force_turbo=1, found {!r}".format(self.wanted))
        return self.wanted

    @staticmethod
    def _is_line(line: Any) -> bool:
        return isinstance(line, str) and "=" in line and "\n" not in line

    def write(self, state: List[str]) -> None:
        """Replace our block."""
        path = self._path()
        if path is None:
            raise TuningError("the board has lost its {}".format(" and its ".join(PLACES)))
        before, _, rest = (self.system.read_exactly(path) or "").partition(BEGIN)
        after = rest.partition(END)[2]  # what the user has added since
        text = before + "\n" + after if after and not before.endswith("\n") else before + after
        block = BEGIN + "".join(line + "\n" for line in state) + END
        self.system.replace(path, text + block if state else text)

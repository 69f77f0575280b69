"""The board as files and commands, so that a knob can be tried on a directory of files."""

import glob
import os
import subprocess
from typing import List, Optional

from board_tuning.errors import TuningError

COMMAND_TIMEOUT_S = 120
# systemctl gives up by itself after 25 s, which a small board that is busy can need.
VARIABLES = {"SYSTEMD_BUS_TIMEOUT": str(COMMAND_TIMEOUT_S)}


class System(object):
    """Reads and writes files below ``root`` and runs commands.

    Attributes:
        root: directory that stands for ``/``.
    """

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def path(self, path: str) -> str:
        """Return where ``path`` really is."""
        return os.path.join(self.root, path.lstrip("/"))

    def glob(self, pattern: str) -> List[str]:
        """Return the matching paths, as the board names them, sorted."""
        found = sorted(glob.glob(self.path(pattern)))
        return ["/" + os.path.relpath(path, self.root) for path in found]

    def read(self, path: str) -> Optional[str]:
        """Return the stripped text of a file, ``None`` where there is none."""
        text = self.read_exactly(path)
        return None if text is None else text.strip("\0\n ")

    def read_exactly(self, path: str) -> Optional[str]:
        """Return the text of a file as it is, ``None`` where there is none."""
        try:
            with open(self.path(path), encoding="utf-8", errors="surrogateescape", newline="") as file:
                return file.read()
        except OSError:
            return None

    def can_write(self, path: str) -> bool:
        """Return whether a file can be written: a container sees settings of its host's kernel that it cannot."""
        return os.access(self.path(path), os.W_OK)

    def write(self, path: str, text: str) -> None:
        """Write to a file of the kernel: in place, in one go.

        Raises:
            TuningError: the kernel refuses.
        """
        try:
            with open(self.path(path), "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
        except OSError as error:
            raise TuningError("{}: cannot write {!r}: {}".format(path, text, error.strerror)) from error

    def replace(self, path: str, text: Optional[str]) -> None:
        """Replace a file of a disk as a whole, keeping its mode; ``None`` removes it.

        Raises:
            TuningError: the file cannot be written.
        """
        real = self.path(path)
        try:
            if text is None:
                if os.path.exists(real):
                    os.unlink(real)
                return
            os.makedirs(os.path.dirname(real), exist_ok=True)
            with open(real + ".new", "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(real + ".new", os.stat(real).st_mode & 0o7777 if os.path.exists(real) else 0o644)
            os.replace(real + ".new", real)
        except OSError as error:
            raise TuningError("{}: cannot be replaced: {}".format(path, error.strerror)) from error

    def has(self, command: str) -> bool:
        """Return whether the board has a command."""
        places = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
        return any(os.access(self.path(os.path.join(place, command)), os.X_OK) for place in places)

    def runs_systemd(self) -> bool:
        """Return whether systemd is in charge, not only installed."""
        return os.path.isdir(self.path("/run/systemd/system"))

    def run(self, command: List[str], answer: str = "") -> str:
        """Run a command with ``answer`` on its standard input; return what it printed.

        Raises:
            TuningError: it cannot be run, takes too long or fails; with its own words.
        """
        try:
            result = subprocess.run(
                command,
                env=dict(os.environ, **VARIABLES),
                input=answer,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                universal_newlines=True,
                timeout=COMMAND_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TuningError("{}: {}".format(" ".join(command), error)) from error
        if result.returncode != 0:
            words = (result.stderr or result.stdout).strip()
            raise TuningError("{}: exit code {}: {}".format(" ".join(command), result.returncode, words))
        return result.stdout

"""One sweep's link to one board: recovery that is bounded, and what the sweep left on the board's disk."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from controller.board import Answer, Board, UnreachableError

Note = Callable[[str], None]
"""Takes what happened, for the record of the cell that met it."""


class BoardBrokenError(Exception):
    """The board is out of this sweep; the message says why."""


class Link:
    """A board that is asked as little as possible and given up once, not again for every cell.

    Args:
        board: what commands run on.
        reconnect_s: how long a board that went away is waited for.
        folder: where the sweep's cells stand on the board.
        kept: names of cells there that are complete on the controller, and may go.
    """

    def __init__(self, board: Board, reconnect_s: float, folder: str, kept: set[str]):
        self.board = board
        self.is_this_machine = False
        self._reconnect_s = reconnect_s
        self._folder = folder
        self._kept = kept
        self._begun: set[str] | None = None
        self._discarded: list[str] = []
        self._power_cycled = False

    def ask(self, command: str, note: Note) -> Answer:
        """Run a command that may be repeated, through one recovery.

        Raises:
            BoardBrokenError: the board did not come back, or was lost again at once.
        """
        try:
            return self.board.execute(command)
        except UnreachableError as error:
            self.recover(str(error), note)
            try:
                return self.board.execute(command)
            except UnreachableError as again:
                raise BoardBrokenError(f"lost again right after a recovery: {again}") from again

    def recover(self, why: str, note: Note) -> None:
        """Reconnect, else power-cycle once in a sweep and reconnect, else give the board up.

        Raises:
            BoardBrokenError: nothing helped.
        """
        try:
            self.board.reconnect(self._reconnect_s)
            note("reconnected")
            return
        except UnreachableError as error:
            why = f"{why}; no answer for {self._reconnect_s:.0f} s: {error}"
        if self._power_cycled:
            raise BoardBrokenError(f"{why}; its one power cycle of this sweep is used up")
        self._power_cycled = True
        try:
            if not self.board.power_cycle():
                raise BoardBrokenError(why)
            note("power cycled")
            self.board.reconnect(self._reconnect_s)
        except UnreachableError as error:
            raise BoardBrokenError(f"{why}; nor after one power cycle: {error}") from error
        note("reconnected")

    def begun(self, note: Note) -> set[str]:
        """Names of the cells that an earlier controller began on this board; asked once.

        Raises:
            BoardBrokenError: the board does not answer.
        """
        if self._begun is None:
            listing = f"cat /proc/sys/kernel/random/boot_id; ls -1 {shlex.quote(self._folder)} 2>/dev/null"
            boot_id, _, names = self.ask(listing, note).stdout.partition("\n")
            own = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
            self.is_this_machine = boot_id.strip() == own.strip()
            found = set(names.split())
            self._begun = found - self._kept
            for name in sorted({name.removesuffix(".json") for name in found} & self._kept):
                self.discard(name)
        return self._begun

    def discard(self, name: str) -> None:
        """Remove a cell from the board along with the next command, since it is safe here."""
        self._discarded.append(f"{self._folder}/{name}")

    def cleaning(self, last: bool = False) -> str:
        """The beginning of a shell command that removes what was discarded; empty where nothing was.

        Args:
            last: the sweep's folder goes too, unless something in it is on the board alone.
        """
        paths = [shlex.quote(path + end) for path in self._discarded for end in ("", ".json")]
        removal = f"rm -rf {' '.join(paths)}; " if paths else ""
        return removal + f"rmdir {shlex.quote(self._folder)} 2>/dev/null; " * last

    def cleaned(self) -> None:
        """The board has run ``cleaning``."""
        self._discarded.clear()

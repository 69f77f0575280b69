"""A board made of files, with commands that answer as the real ones do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from board_tuning.errors import TuningError
from board_tuning.system import System


class FakeBoard(System):
    """Files below a directory; commands are functions of their arguments, found by name."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.commands: dict[str, Callable[[list[str]], str]] = {}
        self.calls: list[list[str]] = []

    def put(self, path: str, text: str) -> None:
        """Write a file with its directories."""
        real = Path(self.path(path))
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(text)

    def has(self, command: str) -> bool:
        return command in self.commands

    def run(self, command: list[str], answer: str = "") -> str:
        self.calls.append(command)
        if command[0] not in self.commands:
            raise TuningError(f"{command[0]}: not found")
        return self.commands[command[0]](command[1:])

    def snapshot(self) -> dict[str, str]:
        """Return the content of every file."""
        root = Path(self.root)
        return {
            path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()
        }

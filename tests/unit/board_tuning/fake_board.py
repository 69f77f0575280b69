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

    def run_systemd(self, units: dict[str, list[str]], masked: str = "masked") -> None:
        """Have systemd with these units: whether each is enabled, and whether it is active."""

        def systemctl(arguments: list[str]) -> str:
            verb, unit = arguments[0], arguments[-1]
            if unit not in units:
                return "LoadState=not-found\nUnitFileState=\nActiveState=inactive\n"
            if verb == "mask":
                units[unit] = ["masked", "inactive"]
            elif verb == "unmask":
                units[unit][0] = {"man-db.timer": "static"}.get(unit, "disabled")
            elif verb in ("enable", "disable"):
                units[unit][0] = f"{verb}d"
            elif verb in ("start", "stop"):
                units[unit][1] = "active" if verb == "start" else "inactive"
            loaded = "masked" if units[unit][0] == "masked" else "loaded"
            enabled = masked if loaded == "masked" else units[unit][0]
            return f"LoadState={loaded}\nUnitFileState={enabled}\nActiveState={units[unit][1]}\n"

        self.put("/run/systemd/system/.keep", "")
        self.commands["systemctl"] = systemctl

"""What the life of a cell needs from a board, whatever carries it there."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class UnreachableError(Exception):
    """The board did not answer, or the connection dropped."""


class Answer(NamedTuple):
    """How a command on the board ended."""

    code: int
    stdout: str
    stderr: str


class Turn(NamedTuple):
    """A line sent to a command on the board, and its answer, between readings of this machine's CLOCK_MONOTONIC."""

    sent_ns: int
    answer: str
    received_ns: int


class Board(Protocol):
    """A board that commands can be run on. Every method raises UnreachableError when the board is not there."""

    name: str

    def execute(self, command: str, stdin: str = "") -> Answer:
        """Run a shell command and wait for it."""
        ...

    def converse(self, command: str, turns: int) -> list[Turn]:
        """Run a command that answers every line with a line, and send it so many; fewer turns where it stopped."""
        ...

    def reconnect(self, deadline_s: float) -> None:
        """Drop the connection and wait until a new one answers."""
        ...

    def reboot(self) -> None:
        """Reboot and wait until the board answers again."""
        ...

    def power_cycle(self) -> bool:
        """Cut and restore the board's supply; False where nothing can."""
        ...

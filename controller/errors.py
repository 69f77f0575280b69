"""What is wrong with the input, all of it at once, in a form a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """One mistake: where it stands, what stands there and what could."""

    file: str
    key: str
    found: Any
    valid: str

    def __str__(self) -> str:
        """One line for the console."""
        found = "nothing" if self.found is None else repr(self.found)
        return one_line(f"{self.file}: {self.key}: found {found}; valid: {self.valid}")


class InputError(Exception):
    """The input cannot be used; carries every problem that was found."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class BoardHeldError(Exception):
    """Another sweep holds the board."""


def one_line(text: str) -> str:
    """The text with everything escaped that would not print, a key's line feed for one."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def one_of(names: Iterable[str]) -> str:
    """The ``valid`` text for a choice among names."""
    return ", ".join(sorted(names)) or "none available"

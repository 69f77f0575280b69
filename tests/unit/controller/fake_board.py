"""A board that exists only in memory and misbehaves as it is told."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter, defaultdict
from typing import Any

from controller.board import Answer, Turn, UnreachableError
from tests.unit.controller.controller_factory import an_archive

KINDS = {
    "release": re.compile(r" lease release "),
    "run": re.compile(r" run .* --detach "),
    "look": re.compile(r"ls -1 "),
    "hold": re.compile(r" lease acquire .* --ttl-s \d+$"),
    "boot_id": re.compile(r"cat /proc/sys/kernel/random/boot_id$"),
    "fetch": re.compile(r"^tar "),
    "set_aside": re.compile(r"^mv "),
}
CLEANING = re.compile(r"^rm -rf (.*?); ")
REMOTE = re.compile(r"/var/lib/edgebench/cells/\S+?/[a-z0-9_.-]+?r\d+(?=[\s.;]|$)")


class FakeBoard:
    """Implements ``controller.board.Board``.

    ``faults`` holds, by kind of command, what its next calls meet once they had their effect on the board: an
    exception to raise, an Answer in place of the real one, or None for the normal course.
    """

    def __init__(self, name: str = "pi", has_power_switch: bool = True):
        self.name = name
        self.has_power_switch = has_power_switch
        self.faults: dict[str, list[Any]] = defaultdict(list)
        self.calls: list[str] = []
        self.stored: dict[str, bytes] = {}
        self.measured: Counter[str] = Counter()
        self.boot = 1

    def execute(self, command: str, stdin: str = "") -> Answer:
        """Do what the command would have done, then what the next fault says."""
        cleaning = CLEANING.match(command)
        command = CLEANING.sub("", command)
        kind = next(kind for kind, pattern in KINDS.items() if pattern.search(command))
        found = REMOTE.search(command)
        answer = getattr(self, f"_{kind}")(found.group() if found else "", stdin)
        fault = self._next(kind)
        for remote in cleaning.group(1).split() if cleaning else []:
            self.stored.pop(remote, None)
        return fault if isinstance(fault, Answer) else answer

    def converse(self, command: str, turns: int) -> list[Turn]:
        """Answer every line, or with what the next fault lists."""
        fault = self._next("clock")
        answers = ["123456789"] * turns if fault is None else fault
        return [Turn(number, answer, number + 1) for number, answer in enumerate(answers)]

    def reconnect(self, deadline_s: float) -> None:
        """Answer again, unless told otherwise."""
        self._next("reconnect")

    def reboot(self) -> None:
        """Come back with another boot id, unless told otherwise."""
        self.boot += 1
        self._next("reboot")

    def power_cycle(self) -> bool:
        """Lose what runs."""
        if self.has_power_switch:
            self.boot += 1
            self._next("power_cycle")
        return self.has_power_switch

    def count(self, kind: str) -> int:
        """How many calls of a kind there were."""
        return self.calls.count(kind)

    def _next(self, kind: str) -> Any:
        self.calls.append(kind)
        fault = self.faults[kind].pop(0) if self.faults[kind] else None
        if isinstance(fault, Exception):
            raise fault
        return fault

    def _run(self, remote: str, stdin: str) -> Answer:
        spec = json.loads(stdin)
        if remote not in self.stored:
            self.measured[spec["cell_id"]] += 1
            self.stored[remote] = an_archive(spec["cell_id"])
        return self._fetch(remote, "")

    def _fetch(self, remote: str, stdin: str) -> Answer:
        return Answer(0, base64.b64encode(self.stored[remote]).decode(), "")

    def _look(self, remote: str, stdin: str) -> Answer:
        names = [path.rpartition("/")[2] for path in self.stored]
        return Answer(0 if names else 2, "\n".join([f"boot-{self.boot}", *names]), "")

    def _hold(self, remote: str, stdin: str) -> Answer:
        return Answer(0, "{}\n", "")

    def _set_aside(self, remote: str, stdin: str) -> Answer:
        self.stored.pop(remote, None)
        return Answer(0, "", "")

    def _boot_id(self, remote: str, stdin: str) -> Answer:
        return Answer(0, f"boot-{self.boot}\n", "")

    def _release(self, remote: str, stdin: str) -> Answer:
        return Answer(0, "{}\n", "")


LOST = UnreachableError("connection closed")
HELD = Answer(
    3,
    "{}\n",
    "edgebench_runner: this board is held by ada@lab2 for sweep 20261120-nightly since yesterday, for 90 s more\n",
)

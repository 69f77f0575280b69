"""The life of one cell, seen from the controller: lease, reboot, rest, run, fetch, verify, keep.

The board does the measuring on its own; the controller waits on one blocking call and picks the run up again when the
connection drops. Recovery is bounded (``controller.link``).
"""

from __future__ import annotations

import base64
import binascii
import json
import shlex
import time
from typing import Any

from controller.board import Answer, UnreachableError
from controller.clock import exchange_clocks
from controller.errors import BoardHeldError
from controller.link import BoardBrokenError, Link
from controller.lock import whoami
from controller.plan import utc_now
from controller.records import controller_record, failure_record
from controller.results import DamagedError, Results
from controller.spec import BoardSetup, rest_s

ATTEMPTS = 3
LEASE_HELD = 3
"""Exit status of the runner's ``lease acquire`` when another sweep holds the board."""
REBOOT_LEASE_S = 600.0
TIMED_OUT = 124
"""Exit status of ``timeout``."""
WAIT_MARGIN_S = 300.0
"""How much longer than a cell's own deadline and rests the controller waits. The board's own deadlines end before: the
runner's, and that of the service that it runs in, which allows for sync pulses and two minutes."""


class CellFailedError(Exception):
    """The board works, but this cell could not be run or fetched: ``infrastructure``."""


class CellRun:
    """Takes one cell from its spec to a directory under its final name."""

    def __init__(self, link: Link, setup: BoardSetup, results: Results, spec: dict[str, Any]):
        self.link = link
        self.board = link.board
        self.setup = setup
        self.results = results
        self.spec = spec
        self.name = name_on_board(spec["cell_id"])
        self.remote = f"{folder_on_board(setup, spec['sweep_id'])}/{self.name}"
        self.attempts: list[dict[str, Any]] = []
        self.reboot: dict[str, Any] | None = None
        self.clocks: dict[str, list[dict[str, int]]] = {"before": [], "after": []}

    def measure(self, profile: dict[str, Any]) -> dict[str, Any]:
        """Run the cell, whatever the board does meanwhile.

        Returns:
            The cell's record, which is then complete on disk.

        Raises:
            BoardBrokenError: the board did not come back; its record is ``board_lost``.
            BoardHeldError: another controller's sweep holds the board.
        """
        self._note("started")
        try:
            self._prepare(profile)
            record = self._run()
        except BoardBrokenError as error:
            self._keep_failure("board_lost", str(error))
            raise
        except CellFailedError as error:
            return self._keep_failure("infrastructure", str(error))
        self.link.discard(self.name)
        return record

    def _prepare(self, profile: dict[str, Any]) -> None:
        if self.name in self.link.begun(self._note):  # an earlier controller began it: attach, do not disturb
            return
        if self.spec["isolation"] == "reboot":
            self._reboot()
        if seconds := rest_s(self.spec, profile):
            self._rest(seconds)

    def _rest(self, seconds: float) -> None:
        """Rest with the board held: a reboot ends a lease, and a long rest outlasts that of the cell before."""
        take = lease("acquire", self.setup, self.spec["sweep_id"])
        _refuse_held(self.link.ask(f"{take} --ttl-s {seconds + REBOOT_LEASE_S:.0f}", self._note))
        time.sleep(seconds)

    def _run(self) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            try:
                self.clocks["before"] = self._exchange_clocks()
                packed = self._wait_for_runner()
                self.clocks["after"] = self._exchange_clocks()
                return self._keep(packed)
            except UnreachableError as error:
                self._note(f"connection lost: {error}")
                self.link.recover(str(error), self._note)
        raise CellFailedError(f"the connection was lost {ATTEMPTS} times")

    def _wait_for_runner(self) -> str:
        """One blocking call: the runner starts, or is found running, ends, and its files come back packed."""
        remote = shlex.quote(self.remote)
        limit_s = self._deadline_s() + WAIT_MARGIN_S
        command = (
            f"{self.link.cleaning()}umask 077 && mkdir -p $(dirname {remote}) && cat > {remote}.json"
            f" && {lease('acquire', self.setup, self.spec['sweep_id'])} --ttl-s {limit_s:.0f} >&2"
            f" && timeout {limit_s:.0f} {self.setup.runner} run {remote}.json --out {remote} --detach >&2"
            f" && {self._pack()}"
        )
        answer = self.board.execute(command, json.dumps(self.spec))
        self.link.cleaned()
        _refuse_held(answer)
        if answer.code == TIMED_OUT:
            if self.setup.can_reboot:  # what ignores its own deadline would disturb the next cell too
                self._reboot()
            raise CellFailedError(
                f"the runner did not end within {limit_s:.0f} s, though its own deadline is shorter"
            )
        if answer.code != 0:
            self._set_aside()
            raise CellFailedError(f"exit status {answer.code}: {_last_words(answer)}")
        return answer.stdout

    def _set_aside(self) -> None:
        """Leave what a failed runner wrote on the board, out of the way of a retry."""
        remote = shlex.quote(self.remote)
        self.board.execute(f"mv {remote} {remote}.failed-{time.time_ns()}")

    def _pack(self) -> str:
        # As text: a connection with privilege escalation hands binary output on unsafely.
        return f"tar -C {shlex.quote(self.remote)} --exclude=./run.lock -czf - . | base64 -w 0"

    def _keep(self, packed: str) -> dict[str, Any]:
        """Verify and keep what came back; once more from the board where it came damaged."""
        for last in (False, True):
            self._note("fetched")
            try:
                archive = base64.b64decode(packed, validate=True)
                return self.results.commit(self.spec["cell_id"], archive, self._controller_record())
            except (DamagedError, binascii.Error) as error:
                self._note(f"damaged in transfer: {error}")
                if last:
                    raise CellFailedError(f"damaged in transfer twice: {error}") from error
                packed = self.board.execute(self._pack()).stdout
        raise AssertionError("unreachable")

    def _reboot(self) -> None:
        started = time.monotonic()
        # Only for a sweep that may: a reboot would end the cell of another one, and its lease with it.
        take = lease("acquire", self.setup, self.spec["sweep_id"])
        before = self._boot_id(f"{take} --ttl-s {REBOOT_LEASE_S:.0f} >/dev/null && ")
        try:
            self.board.reboot()
        except UnreachableError as error:
            self.link.recover(f"no return from a reboot: {error}", self._note)
        after = self._boot_id()
        if after == before:
            raise CellFailedError("the board says that it rebooted, but its boot_id did not change")
        self.reboot = {
            "boot_id_before": before,
            "boot_id_after": after,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _boot_id(self, first: str = "") -> str:
        answer = self.link.ask(f"{first}cat /proc/sys/kernel/random/boot_id", self._note)
        _refuse_held(answer)
        said = answer.stdout.split()
        if answer.code != 0 or not said:
            raise CellFailedError(f"the board's boot_id cannot be read: {_last_words(answer)}")
        return said[-1]  # Ansible asks through a terminal, where what the board says to stderr comes first

    def _exchange_clocks(self) -> list[dict[str, int]]:
        """Readings of both clocks; none where one machine is both, or no meter watches."""
        if self.link.is_this_machine or not self.setup.metered:
            return []
        return exchange_clocks(self.board, self.setup.runner)

    def _deadline_s(self) -> float:
        protocol, cooldown = self.spec["protocol"], self.spec["cooldown"]
        waits = cooldown.get("deadline_s", cooldown.get("seconds", 0.0))
        return float(protocol["deadline_s"] + protocol["idle_before_s"] + protocol["idle_after_s"] + waits)

    def _note(self, event: str) -> None:
        now = utc_now()
        if self.attempts:
            self.attempts[-1]["ended_utc"] = now
        self.attempts.append({"started_utc": now, "ended_utc": now, "event": event})

    def _controller_record(self) -> dict[str, Any]:
        return controller_record(self.spec["cell_id"], self.attempts, self.reboot, self.clocks)

    def _keep_failure(self, outcome: str, detail: str) -> dict[str, Any]:
        self._note(detail)
        record = failure_record(self.spec, outcome, detail, self.attempts[0]["started_utc"])
        self.results.commit_without_board(record, self._controller_record())
        return record


def folder_on_board(setup: BoardSetup, sweep_id: str) -> str:
    """Where the cells of a sweep stand on a board."""
    return f"{setup.root}/cells/{sweep_id}"


def name_on_board(cell_id: str) -> str:
    """The name of a cell's directory there."""
    return cell_id.partition("/")[2]


def lease(verb: str, setup: BoardSetup, sweep_id: str) -> str:
    """The command that takes the board for a sweep or gives it back."""
    return f"{setup.runner} lease {verb} --owner {shlex.quote(whoami())} --sweep {sweep_id}"


def _refuse_held(answer: Answer) -> None:
    if answer.code == LEASE_HELD:
        raise BoardHeldError(_last_words(answer))


def _last_words(answer: Answer) -> str:
    said = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
    return said[-1] if said else "no message"

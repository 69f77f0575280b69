"""The power supply of one board: starts it, starts it again when it reboots, cuts it when the switch says so.

One process for each board, the first of a process and a mount namespace of its own. When it dies, however it
dies, the kernel kills the board with it and drops the board's mounts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from virtual_lab import cgroup, hardware
from virtual_lab.config import Board, Lab
from virtual_lab.machines import machine_of

TICK_S = 1.0
RESTART_PAUSE_S = 1.0
REQUEST_TIMEOUT_S = 5.0


def socket_path(lab: Lab, name: str) -> Path:
    """Where a board's supervisor listens."""
    return lab.runtime / f"{name}.sock"


def lock_path(lab: Lab, name: str) -> Path:
    """The file a supervisor holds locked while it lives."""
    return lab.runtime / f"{name}.lock"


class Supervisor:
    """Runs one board until SIGTERM."""

    def __init__(self, lab: Lab, board: Board) -> None:
        self._lab = lab
        self._board = board
        self._kind = hardware.load_kind(board.kind)
        self._machine = machine_of(board)
        self._directory = lab.board_directory(board.name)
        self._console = (self._directory / "console.log").open("ab")
        self._selector = selectors.DefaultSelector()
        self._child: subprocess.Popen[bytes] | None = None
        self._child_fd = -1
        self._last_tick = time.monotonic()
        self._boots = 0
        self._exit_status: int | None = None
        self._switch_on = True
        self._stopping = False

    def run(self) -> int:
        """Serve until SIGTERM; return the exit status of the process."""
        self._lab.runtime.mkdir(parents=True, exist_ok=True)
        with lock_path(self._lab, self._board.name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._serve()
        return 0

    def _serve(self) -> None:
        cgroup.remove_board(self._lab, self._board)  # a board that outlived its supervisor
        self._machine.prepare(self._lab, self._board)
        listener = self._listen()
        wake_read, wake_write = socket.socketpair()
        wake_write.setblocking(False)
        signal.set_wakeup_fd(wake_write.fileno())
        signal.signal(signal.SIGTERM, self._stop)
        self._selector.register(wake_read, selectors.EVENT_READ, lambda: wake_read.recv(16))
        self._selector.register(listener, selectors.EVENT_READ, lambda: self._answer(listener))
        self._start()
        while not self._stopping:
            for key, _ in self._selector.select(TICK_S):
                key.data()
            self._tick()
        self._cut()
        cgroup.remove_board(self._lab, self._board)
        socket_path(self._lab, self._board.name).unlink(missing_ok=True)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _listen(self) -> socket.socket:
        path = socket_path(self._lab, self._board.name)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen()
        return listener

    def _start(self) -> None:
        hardware.reset_at_boot(self._directory, self._kind)
        groups = cgroup.ensure(self._lab, self._board, self._machine.memory_limit_bytes(self._board))

        def join_groups() -> None:
            for group in groups:
                (group / "cgroup.procs").write_text("0")

        self._child = subprocess.Popen(
            self._machine.command(self._lab, self._board),
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            preexec_fn=join_groups,
        )
        self._child_fd = os.pidfd_open(self._child.pid)
        self._selector.register(self._child_fd, selectors.EVENT_READ, self._ended)
        self._boots += 1

    def _ended(self) -> None:
        """The board stopped by itself: start it if it reboots, else leave it down till a power cycle."""
        self._forget_child()
        cgroup.remove_board(self._lab, self._board)
        if self._exit_status == self._machine.REBOOT_STATUS:
            self._start()

    def _forget_child(self) -> None:
        if self._child is None:
            return
        self._selector.unregister(self._child_fd)
        os.close(self._child_fd)
        self._exit_status = self._child.wait()
        self._child = None
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # the first process of a namespace inherits its orphans
                pass

    def _cut(self) -> None:
        for group in cgroup.groups(self._lab, self._board):
            cgroup.kill(group)
        self._forget_child()

    def _tick(self) -> None:
        now = time.monotonic()
        elapsed_s = now - self._last_tick
        if elapsed_s < TICK_S:
            return
        self._last_tick = now
        hardware.change_state(self._directory, self._kind, lambda state: hardware.cooled(state, elapsed_s))

    def _answer(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(REQUEST_TIMEOUT_S)
        with connection, contextlib.suppress(OSError):
            request = connection.makefile().readline().strip()
            connection.sendall(json.dumps(self._switch(request)).encode() + b"\n")

    def _switch(self, request: str) -> dict[str, Any]:
        if request in ("off", "cycle"):
            self._switch_on = False
            self._cut()
        if request == "cycle":
            time.sleep(RESTART_PAUSE_S)
        if request in ("on", "cycle") and not self._switch_on:
            self._switch_on = True
            self._start()
        return {
            "board": self._board.name,
            "power": "on" if self._switch_on else "off",
            "running": self._child is not None,
            "boots": self._boots,
            "exit_status": self._exit_status,
        }

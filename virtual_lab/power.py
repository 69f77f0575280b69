"""The virtual power switch, and whether a board's supervisor is there to obey it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from virtual_lab.config import Board, Lab
from virtual_lab.errors import LabError
from virtual_lab.supervisor import socket_path

REQUESTS = ("on", "off", "cycle", "read")
ANSWER_TIMEOUT_S = 30.0
START_TIMEOUT_S = 300.0  # an emulated board's disk is made first
STOP_TIMEOUT_S = 60.0


def request(lab: Lab, board: Board, word: str) -> dict[str, Any]:
    """Ask a board's supervisor for `on`, `off`, `cycle` or `read`, and return the board's state after it.

    Raises:
        LabError: the supervisor does not run or does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(socket_path(lab, board.name)))
            connection.sendall(f"{word}\n".encode())
            line = connection.makefile().readline()
        except OSError as error:
            raise LabError(f"board {board.name}: its supervisor does not answer: {error}") from None
    if not line:
        raise LabError(
            f"board {board.name}: its supervisor ended while it answered; see console.log of the board"
        )
    answer: dict[str, Any] = json.loads(line)
    return answer


def is_supervised(runtime: Path, name: str) -> bool:
    """Whether a board's supervisor lives, in a lab whose sockets and locks are in `runtime`."""
    try:
        with (runtime / f"{name}.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def supervisor_pid(runtime: Path, name: str) -> int:
    """Process id of a living supervisor; the kernel translates it out of the supervisor's process namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(runtime / f"{name}.sock"))
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process: int = struct.unpack("3i", credentials)[0]
    return process


def start_supervisor(lab: Lab, board: Board) -> bool:
    """Start a board's supervisor, detached; return whether it had to be started.

    Raises:
        LabError: it did not come up.
    """
    if is_supervised(lab.runtime, board.name):
        return False
    log = lab.board_directory(board.name) / "console.log"
    namespaces = [
        "unshare",
        "--mount",
        "--propagation",
        "slave",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]
    command = [
        *namespaces,
        sys.executable,
        "-m",
        "virtual_lab",
        "--lab",
        str(lab.directory),
        "supervise",
        board.name,
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(LabError):
            request(lab, board, "read")
            return True
        time.sleep(0.1)
    raise LabError(f"board {board.name}: its supervisor did not come up; see {log}")


def stop_supervisor(runtime: Path, name: str) -> bool:
    """End a board's supervisor, and the board with it; return whether there was one.

    Raises:
        LabError: it does not end.
    """
    if not is_supervised(runtime, name):
        return False
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_supervised(runtime, name):
        if time.monotonic() > deadline:
            raise LabError(f"board {name}: its supervisor does not end")
        with contextlib.suppress(OSError):  # one that only just started, or has ended meanwhile
            os.kill(supervisor_pid(runtime, name), signal.SIGTERM)
        time.sleep(0.1)
    return True

"""Making the whole lab what its `lab.json` says, and removing it without a trace."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from virtual_lab import cgroup, disk, image, kernel_limits, network, power
from virtual_lab.config import RUNTIME_ROOT, Board, Lab
from virtual_lab.errors import LabError
from virtual_lab.machines import machine_of

SSH_PORT = 22
CONNECT_TIMEOUT_S = 5.0
BOOTING_AT_A_TIME = 8 * (os.cpu_count() or 1)
"""More of them on this machine's processors, and the last would not greet within its deadline."""
TOOLS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "setpriv": "util-linux",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}


def up(lab: Lab) -> list[str]:
    """Bring the lab up; return what had to be done, nothing when it was up already.

    Raises:
        LabError: a tool is missing, another lab has this name, an image cannot be made, or a board does not come up.
    """
    require_tools(lab)
    _claim_name(lab)
    changes = [f"image {name}" for name in _ensure_images(lab)]
    for name in _known_boards(lab) - {board.name for board in lab.boards}:
        _remove_unlisted(lab, name)
        changes.append(f"removed {name}")
    if network.ensure_bridge(lab):
        changes.append("bridge")
    changes += kernel_limits.make_room(len(lab.boards))
    booting = collections.deque[Board]()
    for board in lab.boards:
        if len(booting) == BOOTING_AT_A_TIME:
            wait_for_ssh(lab, booting.popleft())
        changes += [f"{board.name}: {change}" for change in _ensure_board(lab, board)]
        booting.append(board)
    for board in booting:
        wait_for_ssh(lab, board)
    return changes


def down(lab_name: str, directory: Path) -> list[str]:
    """Remove a lab, whatever state a crash left it in; return what was there.

    Needs no `lab.json`: it goes by the lab's name, which processes, control groups and interfaces carry.
    """
    runtime = RUNTIME_ROOT / lab_name
    locks = sorted(runtime.glob("*.lock"))
    changes = [f"supervisor {lock.stem}" for lock in locks if power.stop_supervisor(runtime, lock.stem)]
    if cgroup.remove_all(lab_name):
        changes.append("control groups")
    if network.remove_all(lab_name):
        changes.append("network")
    for path in (runtime, directory / "boards"):
        if path.exists():
            shutil.rmtree(path)
            changes.append(str(path))
    (directory / "lab.json").unlink(missing_ok=True)
    kernel_limits.put_back()
    with contextlib.suppress(OSError):
        RUNTIME_ROOT.rmdir()  # refuses when another lab is there
    return changes


def require_tools(lab: Lab) -> None:
    """Look for the distribution's tools before anything is done with one.

    Raises:
        LabError: naming every command that is missing and the packages to install.
    """
    needed = TOOLS.copy()
    for board in lab.boards:
        needed |= machine_of(board).TOOLS
    missing = sorted(command for command in needed if shutil.which(command) is None)
    if missing:
        packages = " ".join(sorted({needed[command] for command in missing}))
        raise LabError(
            f"not installed: {', '.join(missing)}; apt-get install {packages} (playbooks/virtual_lab.yml does it)"
        )


def describe(lab: Lab) -> list[dict[str, Any]]:
    """What an inventory needs to know of each board."""
    return [
        dataclasses.asdict(board)
        | {"address": lab.address(board), "host_key": disk.host_key(lab, board), "serial": disk.serial(board)}
        for board in lab.boards
    ]


def wait_for_ssh(lab: Lab, board: Board) -> None:
    """Wait until a board's SSH server greets.

    Raises:
        LabError: it does not before the board's boot deadline.
    """
    timeout_s = machine_of(board).BOOT_TIMEOUT_S
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if _ssh_greets(lab.address(board)):
            return
        time.sleep(0.2)
    log = lab.board_directory(board.name) / "console.log"
    raise LabError(f"board {board.name}: no SSH at {lab.address(board)} within {timeout_s:.0f} s; see {log}")


def _ssh_greets(address: str) -> bool:
    try:
        with socket.create_connection((address, SSH_PORT), CONNECT_TIMEOUT_S) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _claim_name(lab: Lab) -> None:
    claim = lab.runtime / "directory"
    claim.parent.mkdir(parents=True, exist_ok=True)
    if claim.exists() and claim.read_text() != str(lab.directory):
        raise LabError(
            f"name: a lab called {lab.name!r} runs from {claim.read_text()}; remove it or choose another name"
        )
    claim.write_text(str(lab.directory))


def _ensure_images(lab: Lab) -> list[str]:
    wanted = dict.fromkeys((board.release, machine_of(board).ARCHITECTURE) for board in lab.boards)
    made = [key for key in wanted if image.ensure(lab.images, *key, lab.mirror)]
    return [" ".join(filter(None, key)) for key in made]


def _known_boards(lab: Lab) -> set[str]:
    return {path.name for path in (lab.directory / "boards").glob("*")}


def _ensure_board(lab: Lab, board: Board) -> list[str]:
    changes = []
    directory = lab.board_directory(board.name)
    marker, wanted = directory / "board.json", _identity(lab, board)
    if not marker.exists() or marker.read_text() != wanted:
        _remove_board(lab, board)
        disk.provision(lab, board)
        marker.write_text(wanted)
        changes.append("disk")
    if machine_of(board).ensure_network(lab, board):
        changes.append("network")
    if power.start_supervisor(lab, board):
        changes.append("supervisor")
    elif not power.request(lab, board, "read")["running"]:
        power.request(lab, board, "cycle")
        changes.append("power")
    return changes


def _identity(lab: Lab, board: Board) -> str:
    """What a board was made from; when it changes, the board is made anew."""
    made_from = {
        "board": dataclasses.asdict(board),
        "address": lab.address(board),
        "image": image.path(lab.images, board.release, machine_of(board).ARCHITECTURE).name,
        "client_key": lab.client_key.with_suffix(".pub").read_text(),
    }
    return json.dumps(made_from, indent=1)


def _remove_board(lab: Lab, board: Board) -> None:
    power.stop_supervisor(lab.runtime, board.name)
    cgroup.remove_board(lab, board)
    network.remove_board(lab, board)
    shutil.rmtree(lab.board_directory(board.name), ignore_errors=True)


def _remove_unlisted(lab: Lab, name: str) -> None:
    marker = lab.board_directory(name) / "board.json"
    if marker.exists():
        _remove_board(lab, Board(**json.loads(marker.read_text())["board"]))
    else:  # its making was interrupted before it had a network or a supervisor
        shutil.rmtree(lab.board_directory(name))

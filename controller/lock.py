"""One sweep per board and controller: a lock file that dies with its holder."""

from __future__ import annotations

import fcntl
import getpass
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.errors import BoardHeldError
from controller.files import write_json
from controller.plan import utc_now


def acquire(directory: Path, boards: list[str], sweep_id: str, pid: int) -> None:
    """Take every board for a sweep, or none.

    Args:
        directory: where lock files live on this controller.
        boards: names from the inventory.
        sweep_id: who takes them.
        pid: the process whose life is the lock's life: ``ansible-playbook``.

    Raises:
        BoardHeldError: names each held board and its holder.
    """
    with _guard(directory):
        held = []
        for board in boards:
            holder = _holder(directory, board)
            if holder is not None and holder["pid"] != pid:
                held.append(
                    f"{board} is held by sweep {holder['sweep_id']} (process {holder['pid']} of {holder['owner']}, "
                    f"since {holder['since_utc']})"
                )
        if held:
            raise BoardHeldError("; ".join(held) + ". Wait for it to end, or end that process.")
        for board in boards:
            write_json(_path(directory, board), _claim(sweep_id, pid))


def release(directory: Path, boards: list[str], pid: int) -> None:
    """Give back the boards that this process holds."""
    with _guard(directory):
        for board in boards:
            holder = _holder(directory, board)
            if holder is not None and holder["pid"] == pid:
                _path(directory, board).unlink()


def whoami() -> str:
    """The user and controller, as another user would recognise them."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _claim(sweep_id: str, pid: int) -> dict[str, Any]:
    return {
        "sweep_id": sweep_id,
        "pid": pid,
        "process_start": _process_start(pid),
        "owner": whoami(),
        "since_utc": utc_now(),
    }


def _path(directory: Path, board: str) -> Path:
    return directory / f"{board}.json"


def _holder(directory: Path, board: str) -> dict[str, Any] | None:
    """Who holds the board; a dead process holds nothing."""
    try:
        claim: dict[str, Any] = json.loads(_path(directory, board).read_text(encoding="utf-8"))
        start = claim["process_start"]
        pid = claim["pid"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return claim if start is not None and _process_start(pid) == start else None


def _process_start(pid: int) -> str | None:
    """Start time in clock ticks since boot with the boot's id: tells a process from a later one of the same number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    state, start = fields[0], fields[19]
    return None if state == "Z" else f"{boot}/{start}"


@contextmanager
def _guard(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".guard").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

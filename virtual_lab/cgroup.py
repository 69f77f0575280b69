"""A control group around each board: it bounds the memory, and it lists every process the board has.

A host may have the memory controller in a hierarchy of its own (version 1) or in the unified one (version 2).
The board's systemd always lives in the unified hierarchy, so a board gets one group in each of the two. Where
systemd-nspawn finds further hierarchies it makes groups of the same name there; removal covers them all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from virtual_lab.config import Board, Lab
from virtual_lab.errors import LabError

KILL_DEADLINE_S = 10.0


def _mounts() -> list[tuple[Path, str, list[str]]]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    fields = [line.split() for line in lines]
    return [(Path(field[1]), field[2], field[3].split(",")) for field in fields]


def _unified_root() -> Path:
    for path, kind, _ in _mounts():
        if kind == "cgroup2":
            return path
    raise LabError("this host has no cgroup2 mount; a board's systemd needs one")


def _memory_root() -> Path:
    for path, kind, options in _mounts():
        if kind == "cgroup" and "memory" in options:
            return path
    unified = _unified_root()
    if "memory" in (unified / "cgroup.controllers").read_text().split():
        return unified
    raise LabError(
        "this host has no memory controller, neither cgroup v1 nor v2; boards could not run out of memory"
    )


def _group_name(lab_name: str) -> str:
    return f"edgebench_lab_{lab_name}"


def groups(lab: Lab, board: Board) -> list[Path]:
    """The board's control groups, the one with the memory limit first."""
    roots = dict.fromkeys([_memory_root(), _unified_root()])
    return [root / _group_name(lab.name) / board.name for root in roots]


def ensure(lab: Lab, board: Board, limit_bytes: int) -> list[Path]:
    """Make the board's groups and set the memory limit; return the groups a new process has to join."""
    paths = groups(lab, board)
    for path in paths:
        path.parent.mkdir(exist_ok=True)
    memory = paths[0]
    is_unified = memory.parent.parent == _unified_root()
    if is_unified:
        for parent in (memory.parent.parent, memory.parent):
            (parent / "cgroup.subtree_control").write_text("+memory")
    for path in paths:
        path.mkdir(exist_ok=True)
    limit_file = memory / ("memory.max" if is_unified else "memory.limit_in_bytes")
    limit_file.write_text(str(limit_bytes))
    for name in ("memory.swap.max", "memory.swappiness"):
        if (memory / name).exists():
            (memory / name).write_text("0")
    return paths


def processes(path: Path) -> list[int]:
    """Ids of all processes in a group and below it."""
    listings = [path / "cgroup.procs", *path.glob("**/cgroup.procs")]
    ids: set[int] = set()
    for listing in listings:
        with contextlib.suppress(OSError):
            ids.update(int(line) for line in listing.read_text().split())
    return sorted(
        ids - {0}
    )  # the kernel shows one that just died as 0, which to kill() means the caller's own group


def kill(path: Path) -> None:
    """Kill every process of a group at once, as a cut of power does.

    Raises:
        LabError: processes are left after `KILL_DEADLINE_S`.
    """
    deadline = time.monotonic() + KILL_DEADLINE_S
    while remaining := processes(path):
        if time.monotonic() > deadline:
            raise LabError(f"{path}: processes {remaining} do not die")
        for process in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def _remove(path: Path) -> None:
    kill(path)
    for child in sorted(path.glob("**/"), key=lambda item: len(item.parts), reverse=True):
        child.rmdir()


def remove_board(lab: Lab, board: Board) -> None:
    """Kill what is left of a board and remove its groups."""
    for path in _existing(f"{_group_name(lab.name)}/{board.name}"):
        _remove(path)


def remove_all(lab_name: str) -> bool:
    """Kill what is left of a lab and remove its groups; return whether there were any."""
    paths = _existing(_group_name(lab_name))
    for path in paths:
        _remove(path)
    return bool(paths)


def _existing(relative: str) -> list[Path]:
    roots = [path for path, kind, _ in _mounts() if kind in ("cgroup", "cgroup2")]
    return [root / relative for root in roots if (root / relative).exists()]

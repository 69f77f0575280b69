"""The kernel allows one user so many inotify instances, and each board's systemd takes some of them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from virtual_lab.config import RUNTIME_ROOT

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
OF_A_BOARD = 8
"""A booted container takes five to six: with the kernel's 128, the board after the twenty-second does not boot."""
FOUND = "inotify_instances"


def make_room(n_boards: int) -> list[str]:
    """Allow what so many more boards take, where that is not allowed yet; return what was changed."""
    found, needed = int(INSTANCES.read_text()), 128 + OF_A_BOARD * n_boards
    if n_boards * OF_A_BOARD < found:
        return []
    RUNTIME_ROOT.mkdir(parents=True, exist_ok=True)
    kept = RUNTIME_ROOT / FOUND
    if not kept.exists():
        kept.write_text(f"{found}\n")
    INSTANCES.write_text(f"{needed}\n")
    return [f"inotify instances {found} -> {needed}"]


def put_back() -> None:
    """Put back what was found, once nothing but the note of it is left of any lab."""
    kept = RUNTIME_ROOT / FOUND
    with contextlib.suppress(FileNotFoundError):
        if list(RUNTIME_ROOT.iterdir()) == [kept]:
            INSTANCES.write_text(kept.read_text())
            kept.unlink()

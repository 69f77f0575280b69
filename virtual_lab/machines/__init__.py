"""How boards run, one module for each way.

A module of this package has:

- `ARCHITECTURE`: of the image, None for this machine's own.
- `TOOLS`: the commands it needs, and the Debian package that has each.
- `REBOOT_STATUS`: the exit status by which a board's process asks to be started again.
- `BOOT_TIMEOUT_S`: how long a board may take until its SSH server greets.
- `memory_limit_bytes(board)`: what the control group around the board's process allows.
- `ensure_network(lab, board)`: connect the board to the lab's bridge; return whether there was something to do.
- `prepare(lab, board)`: called once, in the supervisor's own mount namespace.
- `command(lab, board)`: the process that is the running board.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from virtual_lab.config import Board


def machine_of(board: Board) -> ModuleType:
    """The module that runs a board."""
    return import_module(f"{__name__}.{board.machine}")

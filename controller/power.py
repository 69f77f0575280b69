"""The supply of a board, through its power switch."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from controller.board import UnreachableError


def power_cycle(board: str, switch: dict[str, Any] | None) -> bool:
    """Cut and restore the supply of a board; False where it has no switch.

    Args:
        board: its name, for messages.
        switch: its ``edgebench_power_switch``.

    Raises:
        UnreachableError: the switch failed; the message is its own.
    """
    if not switch:
        return False
    with tempfile.TemporaryDirectory(prefix="edgebench-") as folder:
        switches = Path(folder) / "switches.json"
        switches.write_text(json.dumps({board: switch}), encoding="utf-8")
        command = [sys.executable, "-m", "power_switch", "cycle", "--switch", board]
        # Without a deadline here: every wait of power_switch has its own, and one that is killed between off and on
        # leaves the board without power.
        done = subprocess.run(
            [*command, "--switches", str(switches)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise UnreachableError(f"the power switch failed: {done.stderr.strip()}")
    return True

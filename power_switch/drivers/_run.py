"""Runs a command for a driver."""

from __future__ import annotations

import subprocess

from power_switch.contract import SwitchError

LONGEST_REASON = 300


def run(command: list[str], timeout_s: float) -> str:
    """Return what the command printed; raises SwitchError when it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SwitchError(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = "; ".join(said)[:LONGEST_REASON] or "no output"
        raise SwitchError(f"{command[0]}: exit code {done.returncode}: {reason}")
    return done.stdout

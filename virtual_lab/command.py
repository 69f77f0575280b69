"""Running the distribution's tools."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from virtual_lab.errors import LabError

SHOWN_LINES = 3
# In namespaces of its own, which end with this process: interrupted, it leaves nothing mounted in what it was making,
# and nothing running there.
MMDEBSTRAP = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
    *("mmdebstrap", "--quiet", "--mode=root", "--format=directory"),
)


def run(command: Sequence[str]) -> str:
    """Run a command and return its standard output.

    Raises:
        LabError: the command is missing or failed; the message ends with its last lines of error.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError(
            f"{command[0]}: not installed; playbooks/virtual_lab.yml installs what the lab needs"
        ) from None
    if done.returncode != 0:
        said = "; ".join(done.stderr.strip().splitlines()[-SHOWN_LINES:]) or "no message"
        raise LabError(f"{' '.join(command)}: exit status {done.returncode}: {said}")
    return done.stdout


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command exits with 0; its output is dropped."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

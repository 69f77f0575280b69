"""The ``ansible-playbook`` that an action plugin works for."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1


def live_and_die_with_it() -> int:
    """Tie this worker's life to its ``ansible-playbook``; the process id of that.

    Ansible's workers outlive a playbook that is killed. One that went on would measure, or take boards, for nobody.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = os.getppid()
    # A worker is a fork, with its parent's command line. Another parent means that the playbook died before now.
    if _command_line(parent) != _command_line(os.getpid()):
        os.kill(os.getpid(), signal.SIGKILL)
    return parent


def _command_line(pid: int) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None

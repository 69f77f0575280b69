"""One sweep at a time on a board: a lease with an owner, a sweep and an end."""

import contextlib
import fcntl
import os
from typing import Dict, Iterator, Optional

from edgebench_runner import atomic, state
from edgebench_runner.clock import boot_id, now_ns, utc_now

FILE = "lease.json"
LOCK = "lease.lock"


class HeldError(Exception):
    """The board is leased to another sweep."""

    def __init__(self, lease: Dict) -> None:
        super().__init__(describe(lease))
        self.lease = lease


def acquire(owner: str, sweep_id: str, ttl_s: float, root: Optional[str] = None) -> Dict:
    """Take the board for a sweep, or extend the lease the sweep has.

    Args:
        owner: who asks, as a person would recognise it.
        sweep_id: what for; the same sweep may acquire again.
        ttl_s: seconds until the lease ends by itself.
        root: where the lease is kept; the state directory where not given.

    Raises:
        HeldError: another sweep has the board.
    """
    with _locked(root) as path:
        current = _current(path)
        if current is not None and current["sweep_id"] != sweep_id:
            raise HeldError(current)
        lease = {
            "schema": "edgebench/lease/1",
            "owner": owner,
            "sweep_id": sweep_id,
            "since_utc": current["since_utc"] if current else utc_now(),
            "expires_ns": now_ns() + int(ttl_s * 1e9),
            "boot_id": boot_id(),
        }
        atomic.write_json(path, lease)
        return lease


def release(sweep_id: str, root: Optional[str] = None) -> bool:
    """Give the board back; false where no lease was in force.

    Raises:
        HeldError: another sweep has the board.
    """
    with _locked(root) as path:
        current = _current(path)
        if current is None:
            return False
        if current["sweep_id"] != sweep_id:
            raise HeldError(current)
        os.unlink(path)
        return True


def show(root: Optional[str] = None) -> Optional[Dict]:
    """Return the lease in force, ``None`` where none was taken, it ended, or the board rebooted."""
    with _locked(root) as path:
        return _current(path)


def describe(lease: Dict) -> str:
    """Say who holds a lease."""
    left_s = max(0, (lease["expires_ns"] - now_ns()) / 1e9)
    line = "held by {owner} for sweep {sweep_id} since {since_utc}, ".format(**lease)
    return line + "for at most {:.0f} s more".format(left_s)


def _current(path: str) -> Optional[Dict]:
    try:
        lease = atomic.read_json(path)
    except (OSError, ValueError):
        return None
    in_force = lease["boot_id"] == boot_id() and lease["expires_ns"] > now_ns()
    return lease if in_force else None


@contextlib.contextmanager
def _locked(root: Optional[str]) -> Iterator[str]:
    directory = root or state.until_reboot()
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, LOCK), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield os.path.join(directory, FILE)

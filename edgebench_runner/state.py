"""Where the runner keeps what outlives a cell: leases until the next boot, references and engines for good."""

import os

_USERS_OWN = "~/.local/state/edgebench"


def until_reboot() -> str:
    """Return, and create, the directory of leases.

    It is ``$EDGEBENCH_ROOT`` where that is set, else ``/run/edgebench`` for root, else one of the user's.
    """
    return _directory("/run/edgebench")


def lasting() -> str:
    """Return, and create, the directory of the reference temperature and of engines built on this board.

    It is ``$EDGEBENCH_ROOT`` where that is set, else ``/var/lib/edgebench`` for root, else one of the user's.
    """
    return _directory("/var/lib/edgebench")


def _directory(for_root: str) -> str:
    path = os.environ.get("EDGEBENCH_ROOT")
    if not path:
        path = for_root if os.geteuid() == 0 else os.path.expanduser(_USERS_OWN)
    os.makedirs(path, exist_ok=True)
    return path

"""Where the runner keeps what outlives a cell: leases and the board's reference temperature."""

import os


def directory() -> str:
    """Return, and create, the state directory.

    It is ``$EDGEBENCH_ROOT`` where that is set, else ``/run/edgebench`` for root, else one of the user's.
    """
    path = os.environ.get("EDGEBENCH_ROOT")
    if not path:
        path = "/run/edgebench" if os.geteuid() == 0 else os.path.expanduser("~/.local/state/edgebench")
    os.makedirs(path, exist_ok=True)
    return path

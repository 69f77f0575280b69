"""How many threads a runtime may compute on, where several builders share the cores."""

import os

_VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def limit(threads: int) -> None:
    """Limit the runtimes of the processes that are started from now on."""
    os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))


def allowed() -> int:
    """Return how many threads are allowed; 0, as runtimes mean it: as many as they choose."""
    return int(os.environ.get(_VARIABLES[0], "0"))

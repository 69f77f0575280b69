"""The knobs of a board: one module each, found by its name; what a knob is: ``_base.py``."""

import importlib
import pkgutil
from typing import Any, List

from board_tuning.errors import TuningError
from board_tuning.system import System


def names() -> List[str]:
    """Return the names of all knobs, sorted."""
    found = (info[1] for info in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def load(name: str, system: System, wanted: Any = None, found: Any = None) -> Any:
    """Return the knob of a name on this board, for what is wanted of it and what was found before it was tuned.

    Raises:
        TuningError: there is none; lists those there are.
    """
    if name not in names():
        raise TuningError("unknown knob {!r}; valid: {}".format(name, ", ".join(names())))
    return importlib.import_module("board_tuning.knobs." + name).Knob(system, wanted, found)

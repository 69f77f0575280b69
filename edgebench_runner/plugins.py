"""Plug-ins found by name: one module in a package is one backend, task, probe, check or command."""

import importlib
import pkgutil
from types import ModuleType
from typing import List

from edgebench_runner.errors import UsageError


def names(package: str) -> List[str]:
    """Return the names of the plug-ins in ``edgebench_runner.<package>``, sorted."""
    parent = importlib.import_module("edgebench_runner." + package)
    found = (info[1] for info in pkgutil.iter_modules(parent.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """Import one plug-in.

    Raises:
        UsageError: there is none of this name; the message lists those there are.
    """
    known = names(package)
    if name not in known:
        raise UsageError(["unknown {} {!r}; valid: {}".format(package[:-1], name, ", ".join(known))])
    return importlib.import_module("edgebench_runner.{}.{}".format(package, name))


def load_all(package: str) -> List[ModuleType]:
    """Import every plug-in of a package, in the order of their names."""
    return [load(package, name) for name in names(package)]

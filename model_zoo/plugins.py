"""Find the modules of a subpackage by name, so that a new one is a new file and no list is edited."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from model_zoo.errors import ZooError


@cache
def names(package: str) -> list[str]:
    """Return the sorted names of the modules in ``model_zoo.<package>``; one that starts with ``_`` is shared code."""
    parent = importlib.import_module(f"model_zoo.{package}")
    return sorted(
        info.name for info in pkgutil.iter_modules(parent.__path__) if not info.name.startswith("_")
    )


@cache
def load(package: str, name: str) -> ModuleType:
    """Import ``model_zoo.<package>.<name>``.

    Raises:
        ZooError: there is no such module; the message lists those that exist.
    """
    valid = names(package)
    if name not in valid:
        raise ZooError(f"{package}: unknown name {name!r}; valid: {', '.join(valid)}")
    return importlib.import_module(f"model_zoo.{package}.{name}")

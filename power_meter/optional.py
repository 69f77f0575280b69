"""Libraries that only some meters need."""

from __future__ import annotations

import importlib
from typing import Any

from power_meter.contract import UsageError


def library(name: str, driver: str) -> Any:
    """Return the module ``name``.

    Raises:
        UsageError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"driver {driver!r} needs the Python package {name}, which is not installed ({error}); "
            "'make meter-libraries' installs it"
        ) from error

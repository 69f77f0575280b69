"""Filter: the kinds of board that a device tree's model matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.kinds import kinds_of


class FilterModule:
    """Makes ``edgebench_kinds_of`` known to templates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"edgebench_kinds_of": kinds_of}

"""Filter: which files of the zoo a board needs for its part of a plan, by directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.spec import zoo_files_of


class FilterModule:
    """Makes ``edgebench_zoo_files`` known to templates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"edgebench_zoo_files": zoo_files_of}

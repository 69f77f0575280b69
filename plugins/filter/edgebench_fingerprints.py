"""Filters: whether the boards of one kind are the same, and how to say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.fingerprints import compare, lines


class FilterModule:
    """Makes ``edgebench_compare_fingerprints`` and ``edgebench_fingerprint_lines`` known to templates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"edgebench_compare_fingerprints": compare, "edgebench_fingerprint_lines": lines}

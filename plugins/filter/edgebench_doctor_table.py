"""Filter: what the doctors of all boards found, as one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ORDER = ("fail", "unknown", "warn", "pass")
HEADINGS = ("board", "check", "status", "found", "advice")


def doctor_table(findings: list[dict[str, Any]]) -> list[str]:
    """Lay out findings as lines of a table, the worst first, and count them by status in the last line.

    Args:
        findings: one object per board and check with the keys ``board``, ``check``, ``status``, ``found``, ``advice``.
    """
    ordered = sorted(findings, key=lambda one: (ORDER.index(one["status"]), one["board"], one["check"]))
    rows = [HEADINGS, *(tuple(str(one[key]) for key in HEADINGS) for one in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    counts = [f"{sum(one['status'] == status for one in findings)} {status}" for status in ORDER]
    return [*lines, ", ".join(counts)]


class FilterModule:
    """Makes ``edgebench_doctor_table`` known to templates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filter name to function."""
        return {"edgebench_doctor_table": doctor_table}

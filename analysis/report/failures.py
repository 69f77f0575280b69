"""Cells that did not end ``ok``, with what their worker said last."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.report.format import is_known
from analysis.sweep import Sweep

TAIL_BYTES = 1500


def failed_cells(sweep: Sweep, cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the report says of every cell that was not measured or did not end ``ok``."""
    failed = cells[cells.outcome != "ok"].sort_values(["outcome", "board", "position"])
    return [_failure(sweep, row) for row in failed.to_dict("records")]


def _failure(sweep: Sweep, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    measured = is_known(row["n_planned"])
    completed = row["n"] if is_known(row["n"]) else 0
    return {
        "outcome": row["outcome"],
        "cell_id": row["cell_id"],
        "detail": row["outcome_detail"] if is_known(row["outcome_detail"]) else None,
        "signal": row["signal"] if is_known(row["signal"]) else None,
        "kept": f"{completed} of {row['n_planned']} measured inferences were completed and kept."
        if measured
        else "It left no record.",
        "stderr": _tail(sweep.root / "cells" / row["cell_id"] / "stderr.txt") if measured else None,
    }


def _tail(path: Path) -> str | None:
    """Return the end of a text file, or None when it has none."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content[-TAIL_BYTES:].decode("utf-8", errors="replace").strip() or None

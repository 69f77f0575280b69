"""What a sweep found out about its meters: how their traces were placed, what they heard and what they counted."""

import statistics
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.energy import OWN, on_board
from analysis.errors import InputError
from analysis.files import read_json
from analysis.report.format import number
from analysis.sweep import NAME, Sweep

SUMMARY_SCHEMA = "edgebench/power_summary/1"
FITTED = "pulses"
FILE = "summary.json"
SUMS = ("samples", "duplicates", "cpu_s", "recorded_s")
FAULTS = {
    "checksum_errors": "damaged frames",
    "short_frames": "short frames",
    "implausible": "implausible values",
    "read_errors": "failed readings",
    "reconnects": "reconnections",
    "overruns": "overruns",
}


def meter_facts(sweep: Sweep, name: str, cells: pd.DataFrame) -> dict[str, object]:
    """Return facts of one meter for its card.

    Args:
        sweep: the results directory.
        name: of the meter.
        cells: rows of ``cells.parquet``.
    """
    own = cells[cells.meter == name]
    return {
        "lag (pulse fit)": _lag(own),
        "clocks related by": _clocks(own),
        "own counter": _counter(own),
        **_recorder(sweep, name),
    }


def _lag(own: pd.DataFrame) -> str | None:
    fitted = own[own.alignment_method.str.startswith(FITTED).fillna(False).astype(bool)]
    if fitted.empty:
        return (
            None
            if own.alignment_method.isna().all()
            else "not fitted: no pulses; the driver's figure is used"
        )
    lags, bounds = fitted.alignment_lag_ms, fitted.alignment_uncertainty_ms
    text = f"{lags.median():.0f} ms ± {bounds.median():.0f} ms (95 %)"
    if len(fitted) == 1:
        return f"{text} in one cell"
    return f"{text}, median of {len(fitted)} cells, {lags.min():.0f} to {lags.max():.0f} ms"


def _clocks(own: pd.DataFrame) -> str | None:
    known = own[own.clock_method.notna()]
    if known.empty:
        return None
    methods = ", ".join(sorted(set(known.clock_method))).replace("_", " ")
    return f"{methods}; within {known.clock_uncertainty_ms.max():.2g} ms"


def _counter(own: pd.DataFrame) -> str | None:
    known = own[own.accumulator_j.notna() & (own.accumulator_integral_j > 0)]
    if known.empty:
        return None
    off = known.accumulator_j / known.accumulator_integral_j - 1
    cells = "1 cell" if len(known) == 1 else f"{len(known)} cells"
    return f"{off.min():+.1%} to {off.max():+.1%} of the integral, in {cells}"


def _recorder(sweep: Sweep, name: str) -> dict[str, str | None]:
    """Return what the recorder counted; nothing where it did not end cleanly."""
    found = [summary for path in _summaries(sweep, name) if (summary := _read(path))]
    if not found:
        return {}
    total = {key: sum(one.get(key) or 0 for one in found) for key in (*FAULTS, *SUMS)}
    rates = [one["effective_hz"] for one in found if one.get("effective_hz")]
    faults = [f"{total[key]} {words}" for key, words in FAULTS.items() if total[key]]
    samples, cost = total["samples"], total["cpu_s"] / total["recorded_s"] if total["recorded_s"] else None
    return {
        "distinct values": f"{number(statistics.median(rates))} a second" if rates else None,
        "samples": f"{samples}, {total['duplicates']} of them repeats" if samples else None,
        "faults of the meter": ", ".join(faults) or "none",
        "its cost on the board": f"{cost:.2%} of a core" if cost is not None else None,
    }


def _summaries(sweep: Sweep, name: str) -> list[Path]:
    """Return where the counts of a meter lie: one file, or one a cell where the board recorded it."""
    if not NAME.match(name):
        return []
    if not on_board(sweep.manifest, name):
        return [sweep.root / "power" / name / FILE]
    boards = [board for board, entry in sweep.manifest["boards"].items() if entry.get("meter") == name]
    return sorted(path for board in boards for path in (sweep.root / "cells" / board).glob(f"*/{OWN}/{FILE}"))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path, SUMMARY_SCHEMA)
    except InputError:
        return None

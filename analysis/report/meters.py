"""What a sweep found out about its meters: how their traces were placed, what they heard and what they counted."""

from typing import Any

import pandas as pd

from analysis.errors import InputError
from analysis.files import read_json
from analysis.sweep import NAME, Sweep

SUMMARY_SCHEMA = "edgebench/power_summary/1"
FITTED = "pulses"
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
    if not NAME.match(name):
        return {}
    try:
        summary: dict[str, Any] = read_json(sweep.root / "power" / name / "summary.json", SUMMARY_SCHEMA)
    except InputError:
        return {}
    rate_hz, samples = summary.get("effective_hz"), summary.get("samples")
    faults = [f"{summary[key]} {words}" for key, words in FAULTS.items() if summary.get(key)]
    return {
        "distinct values": f"{rate_hz:.3g} a second" if rate_hz else None,
        "samples": f"{samples}, {summary.get('duplicates', 0)} of them repeats" if samples else None,
        "faults of the meter": ", ".join(faults) or "none",
    }

"""Compacts a finished trace, and keeps the raw one until the archive has been proven."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.power.parquet import COLUMNS, read_archive, step_sizes, write_archive
from analysis.power.records import PowerDataError
from analysis.power.trace import read_trace


def archive_trace(directory: Path) -> Path:
    """Write ``trace.parquet`` in place of ``trace.bin`` and return its path.

    Each column holds whole steps (int32; int64 for time), and the file's metadata the size of a step: one
    microsecond, the meter's resolution of voltage and current, and the power that one step of current makes
    at the smallest voltage. The raw trace is removed only after the archive has been read back and found
    equal within half a step.

    Raises:
        PowerDataError: there is no raw trace, or it would not survive.
    """
    trace = read_trace(directory)
    raw, path = directory / "trace.bin", directory / "trace.parquet"
    if path.exists():
        raise PowerDataError(f"{path}: exists already")
    steps = step_sizes(trace.meter["caps"], trace.records)
    temporary = path.with_name(path.name + ".new")
    write_archive(temporary, trace.records, steps)
    _compare(trace.records, read_archive(temporary), steps, raw)
    temporary.replace(path)
    raw.unlink()
    return path


def _compare(raw: NDArray[Any], archived: NDArray[Any], steps: dict[str, float], path: Path) -> None:
    for name in COLUMNS:
        worst = float(np.max(np.abs(raw[name] - archived[name]), initial=0))
        rounding = float(np.max(np.abs(raw[name]), initial=0)) * 2.0**-22 if name != "t_ns" else 0.0
        if len(raw) != len(archived) or worst > steps[name] / 2 + rounding:
            raise PowerDataError(
                f"{path}: column {name} would change by {worst:g} when archived; it is kept as it is"
            )

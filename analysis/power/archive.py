"""Compacts a finished trace, and keeps the raw one until the archive has been proven."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.files import replacing
from analysis.power.parquet import COLUMNS, read_archive, step_sizes, write_archive
from analysis.power.records import PowerDataError
from analysis.power.trace import read_raw, read_trace

RAW, ARCHIVED, LOCK = "trace.bin", "trace.parquet", "recorder.lock"


def archive_trace(directory: Path) -> Path:
    """Write ``trace.parquet`` in place of ``trace.bin`` and return its path.

    Each column holds whole steps (int32; int64 for time), and the file's metadata the size of a step: one
    microsecond, the meter's resolution of voltage and current, and the power that one step of current makes
    at the smallest voltage. The raw trace is removed only after the archive has been read back and found
    equal within half a step. What an interrupted call left behind is proven and finished.

    Raises:
        PowerDataError: there is no raw trace, it is being recorded, or it would not survive.
    """
    raw, path = directory / RAW, directory / ARCHIVED
    with _not_recorded(directory):
        trace = read_trace(directory)
        if path.exists() and not raw.exists():
            raise PowerDataError(f"{path}: exists already")
        records = read_raw(raw)
        steps = step_sizes(trace.meter["caps"], records)
        if not path.exists():
            with replacing(path) as temporary:
                write_archive(temporary, records, steps)
                _compare(records, read_archive(temporary), steps, raw)
        _compare(records, read_archive(path), steps, raw)
        raw.unlink()
    return path


def raw_traces(power: Path) -> list[Path]:
    """Return the directories below a sweep's ``power/`` that hold a raw trace, those of earlier boots among them."""
    return sorted(path.parent for path in power.glob(f"**/{RAW}"))


@contextmanager
def _not_recorded(directory: Path) -> Iterator[None]:
    """Hold the lock that a recorder holds, where there is one."""
    lock = directory / LOCK
    if not lock.exists():
        yield
        return
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PowerDataError(
                f"{directory}: is being recorded; archive it once the sweep has ended"
            ) from None
        yield


def _compare(raw: NDArray[Any], archived: NDArray[Any], steps: dict[str, float], path: Path) -> None:
    if len(raw) != len(archived):
        raise PowerDataError(
            f"{path}: {len(raw)} samples, {len(archived)} in the archive; it is kept as it is"
        )
    for name in COLUMNS:
        worst = float(np.max(np.abs(raw[name] - archived[name]), initial=0))
        rounding = float(np.max(np.abs(raw[name]), initial=0)) * 2.0**-22 if name != "t_ns" else 0.0
        if worst > steps[name] / 2 + rounding:
            raise PowerDataError(
                f"{path}: column {name} would change by {worst:g} when archived; it is kept as it is"
            )

"""Reads a power trace directory."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.power.parquet import read_archive
from analysis.power.records import RECORD, PowerDataError

SCHEMA = "edgebench/power_trace/1"
CHUNK = 1 << 18
RATE_SAMPLE = 100_000


@dataclass(frozen=True)
class Trace:
    """One meter's samples, ordered by time, in the meter host's monotonic clock.

    Attributes:
        meter: the content of ``meter.json``.
        records: structured array of dtype `RECORD`; for a raw trace a memory map, so that slices are cheap.
        events: the content of ``events.jsonl``.
        raw: the file behind ``records`` when they are all of it.
    """

    meter: dict[str, Any]
    records: NDArray[Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    raw: Path | None = None

    @property
    def caps(self) -> dict[str, Any]:
        """Capabilities of the meter, as in ``meter.json``."""
        caps: dict[str, Any] = self.meter["caps"]
        return caps

    def between(self, start_ns: int, end_ns: int, margin: int = 1) -> Trace:
        """Return the part from ``start_ns`` to ``end_ns``, with ``margin`` more samples on either side."""
        times = self.records["t_ns"]
        first = max(bisect_left(times, start_ns) - margin, 0)
        last = bisect_right(times, end_ns) + margin
        return Trace(self.meter, self.records[first:last], self.events)

    def chunks(self) -> Iterator[NDArray[Any]]:
        """Yield the records in pieces that overlap by one sample, so that no segment between two is lost."""
        for start in range(0, max(len(self.records) - 1, 1), CHUNK):
            if self.raw is None:
                yield self.records[start : start + CHUNK + 1]
            else:  # reading, unlike touching the map, does not make the whole file resident
                count = min(CHUNK + 1, len(self.records) - start)
                yield np.fromfile(self.raw, RECORD, count, offset=start * RECORD.itemsize)

    def gap_limit_s(self) -> float:
        """Return the longest interval between samples that is bridged: three medians, at least one second."""
        times = self.records["t_ns"][:RATE_SAMPLE]
        if len(times) < 2:
            return 1.0
        return max(3 * float(np.median(np.diff(times))) / 1e9, 1.0)


def read_trace(directory: Path) -> Trace:
    """Read ``meter.json``, ``trace.bin`` or ``trace.parquet``, and ``events.jsonl``.

    A torn last record is ignored, as is a torn last event: a recorder that was killed leaves nothing else behind.
    So are records of zeros at the end, which a machine that lost its supply leaves.

    Raises:
        PowerDataError: a file is missing or is no power trace.
    """
    meter = _read_meter(directory / "meter.json")
    archived = directory / "trace.parquet"
    events = _read_events(directory / "events.jsonl")
    if archived.exists():
        return Trace(meter, read_archive(archived), events)
    raw = directory / "trace.bin"
    return Trace(meter, read_raw(raw), events, raw)


def _read_meter(path: Path) -> dict[str, Any]:
    try:
        meter: dict[str, Any] = json.loads(path.read_text())
    except OSError as error:
        raise PowerDataError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise PowerDataError(f"{path}: not JSON: {error}") from error
    if meter.get("schema") != SCHEMA:
        raise PowerDataError(f"{path}: key 'schema': found {meter.get('schema')!r}, valid: {SCHEMA}")
    return meter


def read_raw(path: Path) -> NDArray[Any]:
    """Return the records of a raw trace that were written whole, as a memory map."""
    try:
        count = path.stat().st_size // RECORD.itemsize
    except OSError as error:
        raise PowerDataError(f"{path}: {error.strerror}") from error
    if count == 0:
        return np.empty(0, RECORD)
    records = np.memmap(path, RECORD, "r", shape=(count,))
    while count and records["t_ns"][count - 1] == 0:
        count -= 1
    return records[:count]


def _read_events(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    whole = path.read_text().rpartition("\n")[0].splitlines()
    try:
        return [json.loads(line) for line in whole]
    except ValueError as error:
        raise PowerDataError(f"{path}: not JSON lines: {error}") from error

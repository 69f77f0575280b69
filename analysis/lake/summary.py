"""Exact statistics of any number of readings, one board at a time, so that memory does not grow with the lake.

The files are sorted, so that a series lies in a few long runs: Arrow decodes three columns, numpy selects the order
statistics of each series, without hashing every row to its group.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import InputError
from analysis.lake.archive import SERIES

PERCENTILES = {"inference_ms_p50": 0.5, "inference_ms_p90": 0.9, "inference_ms_p99": 0.99}
COLUMNS = ["board", *SERIES, "n", "inference_ms_mean", "inference_ms_std", *PERCENTILES]
NEEDED = ["series", "counted", "inference_ns"]
PARTITION = re.compile(r"night=(?P<night>[^/]+)/board=(?P<board>[^/]+)/")

Nanoseconds = npt.NDArray[np.int64]


def summarise_lake(
    lake: Path, since: str = "", threads: int = 2, set_aside: list[str] | None = None
) -> pd.DataFrame:
    """Return ``COLUMNS``, one row per board, model, variant, backend and mode, over every reading since a night.

    Percentiles are those of all readings of a group, as a description of what happened; readings of one boot are not
    independent, so that comparisons belong on the roll-ups.

    Args:
        lake: root of the lake.
        since: first night that counts, such as ``2026-11-01``; empty for all.
        threads: how many boards are read at once.
        set_aside: where a file that cannot be used is named; the rest is summarised.

    Raises:
        InputError: when the lake holds no readings that can be used.
    """
    files = _files_by_board(lake, since)
    if not files:
        raise InputError(
            f"{lake}: no readings{f' since {since}' if since else ''}; add a sweep with the verb archive"
        )
    with ThreadPoolExecutor(max(1, threads)) as pool:
        parts = list(pool.map(_board, files, files.values()))
    refused = [message for _, messages in parts for message in messages]
    if len(refused) == sum(map(len, files.values())):
        raise InputError(refused[0])
    if set_aside is not None:
        set_aside += refused
    return pd.DataFrame([row for rows, _ in parts for row in rows], columns=COLUMNS)


def _files_by_board(lake: Path, since: str) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for path in sorted((lake / "inference").glob("night=*/board=*/*.parquet")):
        found = PARTITION.search(path.as_posix())
        if found and found["night"] >= since:
            files.setdefault(found["board"], []).append(path)
    return dict(sorted(files.items()))


def _board(board: str, paths: list[Path]) -> tuple[list[dict[str, object]], list[str]]:
    """Return a board's rows, and what was said of its files that cannot be used."""
    pieces: dict[str, list[Nanoseconds]] = {}
    refused: list[str] = []
    for path in paths:
        try:
            runs = list(_runs(path))
        except InputError as error:
            refused.append(str(error))
            continue
        for series, times in runs:
            pieces.setdefault(series, []).append(times)
    rows = [
        {"board": board, **dict(zip(SERIES, series.split("."), strict=True)), **_statistics(pieces[series])}
        for series in sorted(pieces, key=lambda name: name.split("."))
    ]
    return rows, refused


def _runs(path: Path) -> Iterator[tuple[str, Nanoseconds]]:
    """Yield each stretch of one series in a file with the times that count; empty stretches are left out.

    Raises:
        InputError: when the file cannot be read or lacks a column.
    """
    try:
        table = pq.ParquetFile(path, read_dictionary=["series"]).read(columns=NEEDED, use_threads=False)
        lacking = sorted(set(NEEDED) - set(table.column_names))
        if lacking:
            raise InputError(f"{path}: cannot be used: lacks {', '.join(lacking)}; archive its sweeps again")
        for batch in table.to_batches():
            names = batch["series"].dictionary.to_pylist()
            codes = batch["series"].indices.to_numpy()
            times, counted = batch["inference_ns"].to_numpy(), batch["counted"].to_numpy(zero_copy_only=False)
            edges = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1), len(codes)]
            for start, end in pairwise(edges):
                chosen = counted[start:end]
                kept = times[start:end] if chosen.all() else times[start:end][chosen]
                if len(kept):
                    yield names[codes[start]], kept
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _statistics(pieces: list[Nanoseconds]) -> dict[str, object]:
    """Return the statistics of one series, in milliseconds; the deviation is unknown for a single reading."""
    times = np.concatenate(pieces)
    row: dict[str, object] = {
        "n": len(times),
        "inference_ms_mean": float(times.mean()) / 1e6,
        "inference_ms_std": float(times.std(ddof=1)) / 1e6 if len(times) > 1 else None,
    }
    quantiles = np.quantile(times, list(PERCENTILES.values()), overwrite_input=True)
    return row | dict(zip(PERCENTILES, (quantiles / 1e6).tolist(), strict=True))

"""Exact statistics of any number of readings, one board at a time, so that memory does not grow with the lake."""

import re
from pathlib import Path

import duckdb
import pandas as pd

from analysis.errors import InputError

KEY = ["model", "variant", "backend", "mode"]
QUERY = """
SELECT model, variant, backend, mode, count(*) AS n,
       avg(inference_ns) / 1e6 AS inference_ms_mean,
       stddev_samp(inference_ns) / 1e6 AS inference_ms_std,
       quantile_cont(inference_ns, [0.5, 0.9, 0.99]) AS quantiles
FROM read_parquet($files, hive_partitioning = false, union_by_name = true)
WHERE measured AND "index" > 0 AND inference_ns > 0
GROUP BY model, variant, backend, mode
ORDER BY model, variant, backend, mode
"""
PERCENTILES = ["inference_ms_p50", "inference_ms_p90", "inference_ms_p99"]
COLUMNS = ["board", *KEY, "n", "inference_ms_mean", "inference_ms_std", *PERCENTILES]
PARTITION = re.compile(r"night=(?P<night>[^/]+)/board=(?P<board>[^/]+)/")


def summarise_lake(lake: Path, since: str = "", threads: int = 2) -> pd.DataFrame:
    """Return ``COLUMNS``, one row per board, model, variant, backend and mode, over every reading since a night.

    Percentiles are those of all readings of a group, as a description of what happened; readings of one boot are not
    independent, so that comparisons belong on the roll-ups.

    Args:
        lake: root of the lake.
        since: first night that counts, such as ``2026-11-01``; empty for all.
        threads: how many the scan may use.

    Raises:
        InputError: when the lake holds no readings.
    """
    files = _files_by_board(lake, since)
    if not files:
        raise InputError(
            f"{lake}: no readings{f' since {since}' if since else ''}; add a sweep with the verb archive"
        )
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as connection:
        connection.execute("SET enable_progress_bar = false")
        parts = [_board(connection, board, paths) for board, paths in sorted(files.items())]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _files_by_board(lake: Path, since: str) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for path in sorted((lake / "inference").glob("night=*/board=*/*.parquet")):
        found = PARTITION.search(path.as_posix())
        if found and found["night"] >= since:
            files.setdefault(found["board"], []).append(str(path))
    return files


def _board(connection: duckdb.DuckDBPyConnection, board: str, paths: list[str]) -> pd.DataFrame:
    try:
        frame = connection.execute(QUERY, {"files": paths}).df()
    except duckdb.Error as error:
        raise InputError(f"board {board}: a file of the lake cannot be read: {error}") from None
    quantiles = pd.DataFrame(frame.pop("quantiles").tolist(), columns=PERCENTILES, index=frame.index) / 1e6
    return frame.join(quantiles).assign(board=board)

"""How each series has gone over the nights, from the roll-ups alone.

A night is judged against the nights before it, never against itself: the baseline is the median of the last 30
nights, its spread 1.4826 times the median absolute deviation, at least 0.3 %, all on logarithms. Fewer than 10 nights
are no baseline.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analysis.errors import InputError

KEY = ["board", "model", "variant", "backend", "mode"]
COLUMNS = [*KEY, "nights", "last_night", "inference_ms", "baseline_ms", "change", "z", "status"]
WINDOW_NIGHTS, LEARNING_NIGHTS = 30, 10
SPREAD_FLOOR = 0.003
MAD_TO_SIGMA = 1.4826
SUSPECT_Z, SUSPECT_CHANGE = 3.0, 0.02
QUERY = """
SELECT board, model, variant, backend, mode, CAST(night AS VARCHAR) AS night,
       exp(avg(inference_ms_log_mean)) AS inference_ms
FROM read_parquet($files, hive_partitioning = true, union_by_name = true)
WHERE outcome = 'ok' AND validity IN ('valid', 'suspect') AND inference_ms_log_mean IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def nightly(lake: Path) -> pd.DataFrame:
    """Return one row per series and night: ``KEY``, ``night`` and the geometric mean time over its sound boots.

    Raises:
        InputError: when the lake holds no roll-ups.
    """
    pattern = str(lake / "rollup" / "night=*" / "board=*" / "*.parquet")
    if not any((lake / "rollup").glob("night=*/board=*/*.parquet")):
        raise InputError(f"{lake}: no roll-ups; add a sweep with the verb archive")
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            return connection.execute(QUERY, {"files": pattern}).df()
    except duckdb.Error as error:
        raise InputError(f"{lake}: a roll-up cannot be read: {error}") from None


def history(nights: pd.DataFrame) -> pd.DataFrame:
    """Return ``COLUMNS``, one row per series, from the rows of ``nightly``."""
    rows = [_series(key, series) for key, series in nights.groupby(KEY, sort=True)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _series(key: tuple[object, ...], series: pd.DataFrame) -> dict[str, object]:
    logs = np.log(series.inference_ms.to_numpy(dtype=float))
    before = logs[-1 - WINDOW_NIGHTS : -1]
    row: dict[str, object] = {
        **dict(zip(KEY, key, strict=True)),
        "nights": len(logs),
        "last_night": series.night.iloc[-1],
        "inference_ms": float(np.exp(logs[-1])),
        "status": "learning",
    }
    if len(before) < LEARNING_NIGHTS:
        return row
    baseline = float(np.median(before))
    spread = max(MAD_TO_SIGMA * float(np.median(np.abs(before - baseline))), SPREAD_FLOOR)
    change = float(np.expm1(logs[-1] - baseline))
    z = (logs[-1] - baseline) / (spread * np.sqrt(1 + np.pi / (2 * len(before))))
    return row | {
        "baseline_ms": float(np.exp(baseline)),
        "change": change,
        "z": float(z),
        "status": _status(change, float(z)),
    }


def _status(change: float, z: float) -> str:
    if abs(z) <= SUSPECT_Z or abs(change) < SUSPECT_CHANGE:
        return "steady"
    return "slower, to be confirmed" if change > 0 else "faster, to be confirmed"

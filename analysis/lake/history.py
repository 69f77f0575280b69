"""What has changed over the nights, and since when, from the roll-ups alone.

What all series of a board did together in a night is the board's event and is taken off its series before they are
judged (``analysis.statistics.nights``). A series is a suspect when its last night lies outside the prediction of the
nights before, at a false-discovery rate of 5 % over all series; it is confirmed when the night before says the same,
or when its level has shifted for three nights or more.
"""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import InputError
from analysis.lake.causes import Causes
from analysis.statistics.nights import Judged, Shift, discoveries, find_shift, judge

KEY = ["board", "model", "variant", "backend", "mode"]
COLUMNS = [
    *KEY,
    "nights",
    "last_night",
    "inference_ms",
    "baseline_ms",
    "change",
    "p_value",
    "q_value",
    "detectable_change",
    "since",
    "status",
    "what_changed",
]
TRAITS = ["fingerprint", "backend_version", "artifact_sha256"]
EVERY_SERIES = "every series"
FALSE_DISCOVERY_RATE, CONFIRMING_P, LEAST_CHANGE = 0.05, 0.01, 0.02
BOARD_RATE, BOARD_LEAST_CHANGE = 0.01, 0.01  # boards are few, and an alarm for one stands for all its series
QUERY = """
SELECT board, model, variant, backend, mode, CAST(night AS VARCHAR) AS night,
       exp(median(inference_ms_log_mean)) AS inference_ms,
       min(fingerprint) AS fingerprint, min(backend_version) AS backend_version,
       min(artifact_sha256) AS artifact_sha256
FROM read_parquet($files, hive_partitioning = true, union_by_name = true)
WHERE outcome = 'ok' AND validity IN ('valid', 'suspect') AND inference_ms_log_mean IS NOT NULL
GROUP BY board, model, variant, backend, mode, night ORDER BY ALL
"""


def nightly(lake: Path, set_aside: list[str] | None = None) -> pd.DataFrame:
    """Return one row per series and night: ``KEY``, ``night``, the median over sound boots of their geometric mean time
    (``inference_ms``), and what it was taken with (``TRAITS``).

    Args:
        lake: root of the lake.
        set_aside: where a file that cannot be used is named; the rest is read.

    Raises:
        InputError: when the lake holds no roll-ups that can be read.
    """
    paths = sorted((lake / "rollup").glob("night=*/board=*/*.parquet"))
    if not paths:
        raise InputError(f"{lake}: no roll-ups; add a sweep with the verb archive")
    try:
        return _query(paths)
    except duckdb.Error:  # which of thousands of files it is, is only asked when one is no use
        refused = {path: reason for path in paths if (reason := _unreadable(path))}
    if set_aside is not None:
        set_aside += refused.values()
    if len(refused) == len(paths):
        raise InputError(next(iter(refused.values())))
    try:
        return _query([path for path in paths if path not in refused])
    except duckdb.Error as error:
        raise InputError(f"{lake}: a roll-up cannot be read: {error}") from None


def _query(paths: list[Path]) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        return connection.execute(QUERY, {"files": [str(path) for path in paths]}).df()


def _unreadable(path: Path) -> str | None:
    """Say why a Parquet file is no use, from its footer; None where it is sound."""
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        return f"{path}: cannot be read: {error}"
    return None


def history(nights: pd.DataFrame, lake: Path | None = None) -> pd.DataFrame:
    """Return ``COLUMNS``, events of whole boards first (their ``model`` is ``every series``), then one row per series.

    Args:
        nights: rows of ``nightly``.
        lake: where the parts of fingerprints lie; without it only their change can be named.
    """
    if nights.empty:
        return pd.DataFrame(columns=COLUMNS)
    causes = Causes(nights, lake)
    events, rows = [], []
    for board, own in nights.groupby("board", sort=True):
        logs = own.pivot(index="night", columns=KEY[1:], values="inference_ms").sort_index().map(np.log)
        judged = judge(logs.to_numpy(dtype=float))
        rows += _series_rows(str(board), logs, judged)
        events.append(_board_row(str(board), logs, judged))
    events = [row for row in _decided(events, BOARD_LEAST_CHANGE, BOARD_RATE) if row["status"] not in QUIET]
    for row in events:
        row["status"] = f"board event: {row['status']}"
    frame = pd.DataFrame(
        [*events, *_decided(rows, LEAST_CHANGE, FALSE_DISCOVERY_RATE)], columns=[*COLUMNS, "last_p", "shift"]
    )
    frame["what_changed"] = [causes.of(row) for row in frame.to_dict("records")]
    return frame[COLUMNS]


QUIET = ("steady", "learning", "not measured last night")


def _series_rows(board: str, logs: pd.DataFrame, judged: Judged) -> list[dict[str, Any]]:
    rows = []
    for number, key in enumerate(logs.columns):
        values = logs.iloc[:, number].to_numpy()
        row = {
            **dict(zip(KEY, (board, *key), strict=True)),
            **_last_night(logs, values, float(judged.baseline[number])),
            "detectable_change": float(judged.detectable[number]),
        }
        rows.append(
            row
            | _evidence(logs, judged.residual[:, number], judged.p_values[:, number], judged.baseline[number])
        )
    return rows


def _board_row(board: str, logs: pd.DataFrame, judged: Judged) -> dict[str, Any]:
    """Judge what all series of a board did together as one more series."""
    effect = np.where(judged.board.any(), judged.board, np.nan)
    alone = judge(effect[:, None])
    row = {
        **dict(zip(KEY, (board, EVERY_SERIES, None, None, None), strict=True)),
        "nights": int(np.isfinite(effect).sum()),
        "last_night": logs.index[-1],
        "detectable_change": float(alone.detectable[0]),
    }
    return row | _evidence(logs, alone.residual[:, 0], alone.p_values[:, 0], alone.baseline[0])


def _last_night(logs: pd.DataFrame, values: np.ndarray, baseline: float) -> dict[str, Any]:
    known = np.flatnonzero(np.isfinite(values))
    return {
        "nights": len(known),
        "last_night": logs.index[known[-1]],
        "inference_ms": float(np.exp(values[known[-1]])),
        "baseline_ms": float(np.exp(baseline)),
    }


def _evidence(
    logs: pd.DataFrame, residual: np.ndarray, p_values: np.ndarray, baseline: float
) -> dict[str, Any]:
    """What speaks for a change: the last night, the one before it, and a shift that lasted."""
    same_side = len(residual) > 1 and residual[-1] * residual[-2] > 0
    shift = find_shift(residual) if np.isfinite(baseline) else None
    return {
        "change": float(np.expm1(residual[-1])),
        "last_p": float(p_values[-1]),
        "confirmed": bool(same_side and p_values[-2] < CONFIRMING_P),
        "shift": shift,
        "nights_before": list(logs.index[-2:]),
        "shift_since": logs.index[shift.position] if shift else None,
        "learned": bool(np.isfinite(baseline)),
    }


def _decided(rows: list[dict[str, Any]], least: float, rate: float) -> list[dict[str, Any]]:
    """Add ``status``, ``since`` and the adjusted p-values, which need all rows of a family at once."""
    last = discoveries(np.array([row["last_p"] for row in rows], dtype=float))
    lasting = discoveries(np.array([row["shift"].p_value if row["shift"] else np.nan for row in rows]))
    return [
        _decide(row, float(a), float(b), least, rate) for row, a, b in zip(rows, last, lasting, strict=True)
    ]


def _decide(row: dict[str, Any], q_last: float, q_shift: float, least: float, rate: float) -> dict[str, Any]:
    shift: Shift | None = row["shift"]
    found = {"p_value": row["last_p"], "q_value": q_last}
    if not row["learned"]:
        return row | {"status": "learning", "change": None}
    if shift and q_shift <= rate and abs(np.expm1(shift.change)) >= least:
        return row | {
            "p_value": shift.p_value,
            "q_value": q_shift,
            "change": float(np.expm1(shift.change)),
            "since": row["shift_since"],
            "status": f"{_direction(shift.change)}, confirmed",
        }
    if not np.isfinite(row["last_p"]):
        return row | {"status": "not measured last night", "change": None}
    if q_last > rate or abs(row["change"]) < least:
        return row | found | {"status": "steady"}
    word = "confirmed" if row["confirmed"] else "to be confirmed"
    since = row["nights_before"][0 if row["confirmed"] else -1]
    return row | found | {"since": since, "status": f"{_direction(row['change'])}, {word}"}


def _direction(change: float) -> str:
    return "slower" if change > 0 else "faster"

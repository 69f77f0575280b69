"""Several boards of one kind: a typical board, and where the spread comes from."""

import numpy as np
import pandas as pd

from analysis.groups import is_sound
from analysis.statistics.boots import typical
from analysis.statistics.variance import variance_components

CASE = ["kind", "model", "variant", "backend", "mode"]
COLUMNS = [
    *CASE,
    "boards",
    "boots",
    "inference_ms",
    "inference_ms_low",
    "inference_ms_high",
    "iteration_cv",
    "boot_cv",
    "board_cv",
]


def populations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per kind of board, model, variant, backend and mode.

    The board is the unit of ``inference_ms`` and its 95 % interval (geometric mean over boards of each one's geometric
    mean over boots); with one board there is no interval. The ``*_cv`` are standard deviations of logarithms between
    iterations, boots and boards, null where the data has no such level.

    Args:
        frame: canonical rows (``analysis.frame``); published rows have no boots and are left out.
    """
    boots = frame[is_sound(frame) & (frame.inference_ms_mean > 0)]
    return pd.DataFrame([_row(key, rows) for key, rows in boots.groupby(CASE, sort=False)], columns=COLUMNS)


def _row(key: tuple[object, ...], rows: pd.DataFrame) -> dict[str, object]:
    log_means = rows.inference_ms_mean.astype(float).map(np.log)
    boards = np.exp(log_means.groupby(rows.board).mean().to_numpy())
    interval = typical(boards)
    measured = rows[rows.inference_ms_std.notna() & rows.n_effective.notna()]
    row: dict[str, object] = {
        **dict(zip(CASE, key, strict=True)),
        "boards": len(boards),
        "boots": len(rows),
        "inference_ms": interval.point,
        "inference_ms_low": interval.low,
        "inference_ms_high": interval.high,
    }
    if len(measured):
        parts = variance_components(
            measured.inference_ms_mean.to_numpy(dtype=float),
            measured.inference_ms_std.to_numpy(dtype=float),
            measured.n_effective.to_numpy(dtype=float),
            list(measured.board),
        )
        row |= {"iteration_cv": parts.iteration, "boot_cv": parts.boot, "board_cv": parts.board}
    return row

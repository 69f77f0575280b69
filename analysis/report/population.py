"""Boards of one kind: each of them, their average, and where the spread comes from."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.frame import canonical
from analysis.groups import is_sound
from analysis.population import CASE, populations


def population_rows(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of ``analysis.population.populations`` with each board's own time as ``each``.

    Args:
        cells: rows of ``cells.parquet``.
    """
    frame = canonical(cells.assign(published=False))
    each = _by_board(frame)
    simulated = frame[frame.simulated_parts.fillna("").str.contains("board")]
    kinds = set(simulated.kind)
    return [
        {
            **{str(name): value for name, value in row.items()},
            "each": each[tuple(row[name] for name in CASE)],
            "simulated": "board" if row["kind"] in kinds else "",
            "validity": "valid",
        }
        for row in populations(frame)
        .sort_values(["kind", "model", "variant", "mode", "backend"])
        .to_dict("records")
    ]


def _by_board(frame: pd.DataFrame) -> dict[tuple[object, ...], list[tuple[str, float]]]:
    """Return the geometric mean over sound boots of each board, by case."""
    sound = frame[is_sound(frame) & (frame.inference_ms_mean > 0)]
    logs = sound.inference_ms_mean.astype(float).map(np.log)
    found: dict[tuple[object, ...], list[tuple[str, float]]] = {}
    for key, mean in logs.groupby([sound[name] for name in [*CASE, "board"]]).mean().items():
        *case, board = key if isinstance(key, tuple) else (key,)
        found.setdefault(tuple(case), []).append((str(board), float(np.exp(mean))))
    return found

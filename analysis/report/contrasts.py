"""Backends against one another: a ratio with its interval, and what a "no difference" could have missed."""

from typing import Any

import pandas as pd

from analysis.groups import is_sound
from analysis.statistics.boots import PerBoot
from analysis.statistics.comparison import compare_boots

CASE = ["model", "variant", "board", "mode"]


def contrasts(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per case and backend besides the case's first: ``CASE``, ``backend``, ``baseline``, ``ratio`` with
    ``low`` and ``high``, ``finding``, ``detectable`` and the numbers of boots.

    The ratio is the time of the baseline over that of the backend, so that above 1 is faster, with Welch's interval on
    logarithms of one mean per boot.

    Args:
        cells: rows of ``cells.parquet``.
    """
    sound = cells[is_sound(cells) & (cells.inference_ms_mean > 0)]
    rows: list[dict[str, Any]] = []
    for key, case in sound.groupby(CASE, sort=True):
        boots = {str(name): _boots(own) for name, own in case.groupby("backend", sort=True)}
        baseline, *others = boots
        rows += [{**dict(zip(CASE, key, strict=True)), **_row(baseline, other, boots)} for other in others]
    return rows


def _boots(own: pd.DataFrame) -> PerBoot:
    return own.inference_ms_mean.to_numpy(dtype=float)


def _row(baseline: str, backend: str, boots: dict[str, PerBoot]) -> dict[str, Any]:
    found = compare_boots(boots[backend], boots[baseline])
    return {
        "backend": backend,
        "baseline": baseline,
        "ratio": found.ratio.point,
        "low": found.ratio.low,
        "high": found.ratio.high,
        "detectable": found.detectable,
        "finding": _finding(found.differs, found.ratio.point),
        "boots": f"{len(boots[backend])} and {len(boots[baseline])}",
        "validity": "valid",
    }


def _finding(differs: bool | None, ratio: float) -> str:
    if differs is None:
        return "unknown"
    if not differs:
        return "no difference seen"
    return "faster" if ratio > 1 else "slower"

"""Velasco-Montero and others 2018: "Performance Analysis of Real-Time DNN Inference on Raspberry Pi".

The study published figures and no raw table; its four figures are given here as tables.
"""

import pandas as pd

from analysis.frame import canonical
from analysis.studies.layout import StudyTable, columns, percent

CASE = {"backend": "framework", "model": "network"}


def load() -> pd.DataFrame:
    """Return a frame without rows: there is no published raw table."""
    return canonical(pd.DataFrame())


def _accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    chosen = rows[rows.top1.notna()]
    named = chosen.assign(top1_pct=percent(chosen.top1), top5_pct=percent(chosen.top5))
    return columns(named, {**CASE, "top1_pct": "top1_pct", "top5_pct": "top5_pct"})


def _throughput(rows: pd.DataFrame) -> pd.DataFrame:
    return columns(rows[rows.fps.notna()], {**CASE, "fps": "throughput_fps"})


def _power(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["power_idle_w", "power_min_w", "power_mean_w", "power_max_w"]
    return columns(rows[rows.power_mean_w.notna()], {**CASE, **{name: name for name in names}})


def _merit(rows: pd.DataFrame) -> pd.DataFrame:
    names = {"images_per_joule_correct": "fom_top1", "images_per_joule_correct_top5": "fom_top5"}
    return columns(rows[rows.images_per_joule_correct.notna()], {**CASE, **names})


TABLES = [
    StudyTable("accuracy", "Accuracy", _accuracy),
    StudyTable("throughput", "Throughput, pre-processing included", _throughput),
    StudyTable("power", "Power: idle, and least, mean and greatest during inference", _power),
    StudyTable("merit", "Figure of merit: correctly inferred images per joule", _merit),
]

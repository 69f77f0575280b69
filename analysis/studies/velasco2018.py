"""Velasco-Montero and others 2018: "Performance Analysis of Real-Time DNN Inference on Raspberry Pi".

The study published figures and no raw table; its four figures are given here as tables.
"""

import pandas as pd

from analysis.frame import canonical, plain
from analysis.studies.layout import StudyTable, columns, labelled, of_lab, percent

CASE = {"backend": "framework", "model": "network"}


def load() -> pd.DataFrame:
    """Return a frame without rows: there is no published raw table."""
    return canonical(pd.DataFrame())


def _accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy measured beside accuracy reported; once per framework and network, from mode accuracy where it ran."""
    preferred = rows[rows.top1.notna()].sort_values(
        "mode", key=lambda modes: modes != "accuracy", kind="stable"
    )
    chosen = labelled(preferred.drop_duplicates(["board", "backend", "model", "variant"]).sort_index())
    reported = _reported()
    keys = preferred.model.reindex(chosen.index).map(plain)
    named = chosen.assign(
        top1_pct=percent(chosen.top1),
        top5_pct=percent(chosen.top5),
        **{f"reported_{name}": keys.map(reported[name]) for name in ("top1_pct", "top5_pct")},
    )
    shown = ["top1_pct", "reported_top1_pct", "top5_pct", "reported_top5_pct"]
    return columns(named, {**CASE, **{name: name for name in shown}})


def _reported() -> pd.DataFrame:
    """What the publishers of weights say of them, by ``analysis.frame.plain`` of the model's name."""
    from analysis.studies import PUBLISHED

    frame = pd.read_csv(PUBLISHED / "reported_accuracy.csv")
    return frame.set_index(frame.model.map(plain))


def _timed(rows: pd.DataFrame) -> pd.DataFrame:
    """The cases of a lab that were to be timed; what they lack stays in the table as a gap."""
    return labelled(rows[of_lab(rows) & ~rows["mode"].isin(["accuracy", "throughput"])])


def _throughput(rows: pd.DataFrame) -> pd.DataFrame:
    return columns(_timed(rows), {**CASE, "fps": "throughput_fps"})


def _power(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["power_idle_w", "power_min_w", "power_mean_w", "power_max_w"]
    return columns(_timed(rows), {**CASE, **{name: name for name in names}})


def _merit(rows: pd.DataFrame) -> pd.DataFrame:
    names = {"images_per_joule_correct": "fom_top1", "images_per_joule_correct_top5": "fom_top5"}
    return columns(_timed(rows), {**CASE, **names})


TABLES = [
    StudyTable("accuracy", "Accuracy measured beside accuracy reported", _accuracy),
    StudyTable("throughput", "Throughput, pre-processing included", _throughput),
    StudyTable("power", "Power: idle, and least, mean and greatest during inference", _power),
    StudyTable("merit", "Figure of merit: correctly inferred images per joule", _merit),
]

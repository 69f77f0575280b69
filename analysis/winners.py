"""The most accurate and the fastest model on each device."""

import pandas as pd

from analysis.frame import model_labels

COLUMNS = ["device", "model", "backend", "inference_ms", "top1", "top5"]


def best(rows: pd.DataFrame, within_ms: float | None = None) -> pd.DataFrame:
    """Return the most accurate model of each device; of two as accurate, the faster one.

    Args:
        rows: combined rows (``analysis.frame.combined``).
        within_ms: greatest inference time allowed.

    Returns:
        ``COLUMNS``, one row per device that has a winner. A model without a time or without an accuracy on the device
        cannot win there.
    """
    eligible = rows[rows.inference_ms.notna() & rows.top1.notna()]
    if within_ms is not None:
        eligible = eligible[eligible.inference_ms <= within_ms]
    return _first_per_device(eligible, ["top1", "inference_ms"], [False, True])


def fastest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the model with the least inference time on each device, in the columns of ``best``."""
    return _first_per_device(rows[rows.inference_ms.notna()], ["inference_ms"], [True])


def _first_per_device(rows: pd.DataFrame, by: list[str], ascending: list[bool]) -> pd.DataFrame:
    labelled = rows.assign(device=rows.board, model=model_labels(rows))
    ordered = labelled.sort_values(by, ascending=ascending, kind="stable")
    winners = ordered.drop_duplicates("device").set_index("device")
    in_order = [device for device in dict.fromkeys(labelled.device) if device in winners.index]
    return winners.loc[in_order].reset_index()[COLUMNS]

"""Repeats taken together: one row per (board, model, variant, backend, mode), the boot as the unit."""

import numpy as np
import pandas as pd

from analysis.statistics.boots import between_boot_cv, typical

KEY = ["board", "kind", "model", "variant", "backend", "mode"]
MEANS = [
    "first_inference_ms",
    "preprocess_ms_mean",
    "postprocess_ms_mean",
    "inference_ms_std",
    "inference_ms_p50",
    "inference_ms_p90",
    "inference_ms_p99",
    "fps",
    "top1",
    "top5",
    "map",
    "map50",
    "miou",
    "power_idle_w",
    "power_mean_w",
    "energy_j_per_inference",
    "images_per_joule_correct",
]
SUMMARY = [
    *KEY,
    "boots",
    "cells",
    "n",
    "inference_ms",
    "inference_ms_low",
    "inference_ms_high",
    "between_boot_cv",
    *MEANS,
    "validity",
    "energy_status",
    "energy_reason",
    "simulated",
    "simulated_parts",
]


def summarise_groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group of repeats.

    ``inference_ms`` is the geometric mean over boots of each boot's mean, with Student's 95 % interval on
    logarithms; it and the means beside it rest on the boots that ended ``ok`` and are not invalid. ``boots``
    counts those, ``cells`` what was planned.

    Args:
        cells: rows of ``cells.parquet``.
    """
    rows = [_row(key, repeats) for key, repeats in cells.groupby(KEY, sort=True, dropna=False)]
    return pd.DataFrame(rows, columns=SUMMARY)


def is_sound(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows may enter a statistic: those that ended ``ok`` and are not invalid."""
    return (cells.outcome == "ok") & cells.validity.isin(["valid", "suspect"])


def _row(key: tuple[object, ...], repeats: pd.DataFrame) -> dict[str, object]:
    sound = repeats[is_sound(repeats)]
    means = sound.inference_ms_mean.dropna().to_numpy(dtype=float)
    means = means[np.isfinite(means) & (means > 0)]
    row: dict[str, object] = {
        **dict(zip(KEY, key, strict=True)),
        "boots": len(means),
        "cells": len(repeats),
        "n": int(sound.n_statistics.sum()),
        **{name: _mean(sound[name]) for name in MEANS},
        "validity": _worst(repeats),
        "energy_status": _shared(repeats.energy_status),
        "energy_reason": _shared(repeats.energy_reason),
        "simulated": bool(repeats.simulated.any()),
        "simulated_parts": _shared(repeats.simulated_parts),
    }
    if len(means):
        interval = typical(means)
        row |= {
            "inference_ms": interval.point,
            "inference_ms_low": interval.low,
            "inference_ms_high": interval.high,
            "between_boot_cv": between_boot_cv(means),
        }
    return row


def _mean(values: "pd.Series[float]") -> float | None:
    """Mean over boots, and nothing at all when a boot lacks the value: a mean over the luckier ones would mislead."""
    return None if values.empty or values.isna().any() else float(values.mean())


def _worst(repeats: pd.DataFrame) -> str:
    if (repeats.outcome != "ok").any():
        return "failed"
    verdicts = set(repeats.validity.fillna("invalid"))
    return next(verdict for verdict in ("invalid", "suspect", "valid") if verdict in verdicts)


def _shared(values: "pd.Series[str]") -> str:
    """Every distinct part of ``values``, each of which may be several joined by semicolons."""
    return ";".join(sorted({part for text in values.dropna() for part in text.split(";") if part}))

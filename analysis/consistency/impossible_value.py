"""Values that no measurement can have: times, rates and powers at or below zero, shares outside 0 to 1, infinities."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.consistency.finding import Finding

POSITIVE = ["first_inference_ms", "inference_ms_mean", "fps", "power_mean_w", "energy_j_per_inference"]
NOT_NEGATIVE = [
    "preprocess_ms_mean",
    "postprocess_ms_mean",
    "inference_ms_std",
    "inference_ms_ste",
    "power_idle_w",
]
SHARES = ["top1", "top5", "map", "map50", "miou"]


def findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield every value that is outside what its kind allows."""
    for name in [*POSITIVE, *NOT_NEGATIVE, *SHARES]:
        values = frame[name].dropna().astype(float)
        for row, value in values[~_possible(name, values)].items():
            yield Finding(row, value, None, f"{name} is {value:g}, expected {_range(name)}")


def _possible(name: str, values: "pd.Series[float]") -> "pd.Series[bool]":
    finite = values.abs() < np.inf
    if name in POSITIVE:
        return finite & (values > 0)
    return finite & (values >= 0) & ((values <= 1) | (name not in SHARES))


def _range(name: str) -> str:
    if name in SHARES:
        return "a share between 0 and 1"
    return "a finite number above zero" if name in POSITIVE else "a finite number, zero or above"

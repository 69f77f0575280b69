"""Rows that contradict themselves, and rounding, which never does."""

import numpy as np
import pandas as pd
import pytest

from analysis.consistency import contradictions
from analysis.consistency.rounding import half_unit
from analysis.consistency.standard_error import implied_n
from analysis.sources import load_source, load_sources

STUDIES = ["published:gia2023", "published:ameen2023", "published:ni2020"]


def test_check_finds_the_rows_that_contradict_themselves_and_no_others() -> None:
    found = contradictions(load_sources(STUDIES))
    assert [(row.table, row.model, row.check) for row in found.itertuples()] == [
        ("4.1", "Shufflenet_v2_x0_5", "frame rate"),
        ("7", "svhn", "standard error"),
        ("7", "tf_flowers", "standard error"),
    ]
    frame_rate = found.iloc[0]
    assert (frame_rate.found, frame_rate.expected) == (14.208, pytest.approx(1000 / (7.913 + 32.321 + 0.552)))
    assert "n between 0.669 and 1.49" in found.iloc[1].why


def test_check_flags_what_is_broken_on_purpose() -> None:
    frame = load_source("published:ni2020").iloc[:6].copy()
    frame.loc[0, "inference_ms_mean"] = -1.0
    frame.loc[1, "top1"] = 1.2
    frame.loc[2, ["top1", "top5"]] = [0.9, 0.5]
    frame.loc[3, ["inference_ms_std", "inference_ms_ste", "n_statistics"]] = [1.0, 0.2, 100]
    frame.loc[4, ["preprocess_ms_mean", "inference_ms_mean", "postprocess_ms_mean", "fps"]] = [
        1.0,
        8.0,
        1.0,
        95.0,
    ]
    frame.loc[5, ["preprocess_ms_mean", "inference_ms_mean", "postprocess_ms_mean", "fps"]] = [
        1.0,
        8.0,
        1.0,
        100.3,
    ]
    found = contradictions(frame)
    assert list(found.check) == [
        "impossible value",
        "impossible value",
        "order",
        "standard error",
        "frame rate",
    ]


def test_rounding_is_never_a_finding() -> None:
    rng = np.random.default_rng(5)
    times = rng.uniform(0.3, 500, (300, 3))
    frame = load_source("published:gia2023").iloc[:1].copy()
    frame = pd.concat([frame] * 300, ignore_index=True)
    frame[["preprocess_ms_mean", "inference_ms_mean", "postprocess_ms_mean"]] = times.round(3)
    frame["fps"] = (1000 / times.sum(axis=1)).round(3)
    deviation = rng.uniform(0.5, 60, 300)
    frame["inference_ms_std"] = deviation.round(2)
    frame["inference_ms_ste"] = (deviation / 99**0.5).round(2)
    assert contradictions(frame).empty


@pytest.mark.parametrize(("value", "half"), [(14.208, 0.0005), (0.05, 0.005), (4.0, 0.005), (523.7, 0.005)])
def test_half_unit(value: float, half: float) -> None:
    assert half_unit(value) == pytest.approx(half)


def test_implied_n_brackets_the_truth() -> None:
    low, high = implied_n(6.55, 0.66)
    assert (low, high) == (pytest.approx((6.545 / 0.665) ** 2), pytest.approx((6.555 / 0.655) ** 2))

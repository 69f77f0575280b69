"""Nights against nights: what is a board's event, what is a series' own change, and since when.

Everything is on logarithms of one value per series and night. Nights are never independent draws of one normal
distribution, so spreads are robust, the last night is judged by a prediction interval, and a lasting shift by a scan
whose error is widened by the autocorrelation of what it leaves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

WINDOW, LEARNING, RECENT = 30, 10, 2
SERIES_FOR_BOARD_EFFECT = 8
SPREAD_FLOOR = 0.003
MAD_TO_SIGMA = 1.4826
SHIFT_WINDOW, NIGHTS_BEFORE, NIGHTS_AFTER = 60, 10, 3
ALPHA, POWER = 0.01, 0.8

Nights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """The last two nights of S series of one board against the nights before them; NaN where it cannot be said.

    Attributes:
        baseline: (S,) median of up to 30 nights before the last two, of the logarithms.
        residual: (N, S) deviation from the baseline, without what all series of the board did that night.
        board: (N,) what all series of the board did each night; zeros where there are too few to tell.
        p_values: (2, S) two-sided, of the night before the last and of the last.
        detectable: (S,) smallest relative change that one night would show with a probability of 80 % at 1 %.
    """

    baseline: Nights
    residual: Nights
    board: Nights
    p_values: Nights
    detectable: Nights


def judge(logs: Nights) -> Judged:
    """Judge the last two nights of ``logs`` (N nights, S series of one board), NaN where a night lacks a series."""
    before = slice(max(0, len(logs) - RECENT - WINDOW), max(0, len(logs) - RECENT))
    known = np.isfinite(logs[before]).sum(axis=0)
    learned = known >= LEARNING
    baseline = np.where(learned, _median(logs[before]), np.nan)
    deviation = logs - baseline
    board = np.zeros(len(logs))
    if learned.sum() >= SERIES_FOR_BOARD_EFFECT:
        board = np.nan_to_num(_median(deviation.T))
    residual = deviation - board[:, None]
    spread = prediction_spread(residual[before])
    freedom = np.maximum(known - 1, 1)
    last = np.full((RECENT, logs.shape[1]), np.nan)
    last[RECENT - min(RECENT, len(logs)) :] = residual[-RECENT:]
    p_values = 2 * stats.t.sf(np.abs(last) / spread, freedom)
    reach = stats.t.ppf(1 - ALPHA / 2, freedom) + stats.t.ppf(POWER, freedom)
    return Judged(baseline, residual, board, p_values, np.where(learned, np.expm1(spread * reach), np.nan))


def prediction_spread(residual: Nights) -> Nights:
    """Return the standard error (S,) of one new night against the median of ``residual`` (n, S)."""
    known = np.maximum(np.isfinite(residual).sum(axis=0), 1)
    spread = MAD_TO_SIGMA * _median(np.abs(residual - _median(residual)))
    return np.asarray(np.maximum(spread, SPREAD_FLOOR) * np.sqrt(1 + np.pi / (2 * known)))


@dataclass(frozen=True)
class Shift:
    """A change that lasted.

    Attributes:
        position: in the series, of the first night after the change.
        change: difference of the median logarithms after and before.
        p_value: of the best split, corrected for the splits that were tried and for autocorrelation.
    """

    position: int
    change: float
    p_value: float


def find_shift(values: Nights) -> Shift | None:
    """Return the most likely change of level within the last 60 nights of ``values`` (N,), None with too few nights.

    At least ten nights have to lie before it and three after.
    """
    offset = max(0, len(values) - SHIFT_WINDOW)
    places = offset + np.flatnonzero(np.isfinite(values[offset:]))
    x = values[places]
    splits = np.arange(NIGHTS_BEFORE, len(x) - NIGHTS_AFTER + 1)
    if not len(splits):
        return None
    total = np.cumsum(x)
    before = total[splits - 1] / splits
    after = (total[-1] - total[splits - 1]) / (len(x) - splits)
    gain = splits * (len(x) - splits) / len(x) * (after - before) ** 2
    best = int(np.argmax(gain))
    split = int(splits[best])
    change = float(np.median(x[split:]) - np.median(x[:split]))
    if not _lasts(x, split, change):
        return Shift(int(places[split]), change, 1.0)
    rest = np.where(np.arange(len(x)) < split, x - before[best], x - after[best])
    variance = max(float((rest**2).sum()) / (len(x) - 2), SPREAD_FLOOR**2)
    t = (float(gain[best]) / (variance * _inflation(rest))) ** 0.5
    p_value = min(1.0, float(2 * stats.t.sf(t, len(x) - 2)) * len(splits))
    return Shift(int(places[split]), change, p_value)


def _lasts(x: Nights, split: int, change: float) -> bool:
    """Whether the fewest nights that make a shift all show at least half of it: one or two outliers do not."""
    after = x[split:] - np.median(x[:split])
    return bool(len(after) > NIGHTS_AFTER or (after * np.sign(change) >= abs(change) / 2).all())


def _inflation(rest: Nights) -> float:
    """How much more than independent nights the mean of ``rest`` varies, from its lag-1 autocorrelation."""
    power = float((rest**2).sum())
    lag_1 = float((rest[1:] * rest[:-1]).sum()) / power if power > 0 else 0.0
    lag_1 = min(max(lag_1, 0.0), 0.9)
    return (1 + lag_1) / (1 - lag_1)


def discoveries(p_values: Nights) -> Nights:
    """Return Benjamini-Hochberg's adjusted p-values of ``p_values``, NaN where they are NaN."""
    adjusted = np.full(np.shape(p_values), np.nan)
    known = np.isfinite(p_values)
    if known.any():
        adjusted[known] = stats.false_discovery_control(np.asarray(p_values)[known])
    return adjusted


def _median(values: Nights) -> Nights:
    """Median down the columns of ``values`` (n, S), NaN where a column has nothing."""
    known = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    if known.any():
        result[known] = np.nanmedian(values[:, known], axis=0)
    return result

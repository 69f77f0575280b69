"""Comparing two series of boots: a ratio with its interval, and the smallest effect that could have been seen."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from analysis.statistics.boots import LEVEL, Interval, PerBoot, positive_log, typical

POWER = 0.8
GREATEST_EFFECT = np.log(1e6)


@dataclass(frozen=True)
class Comparison:
    """A ratio of two series of boots.

    Attributes:
        ratio: b over a, with its confidence limits; without limits when a side has fewer than two boots.
        p_value: two-sided, Welch's t on logarithms; None without limits.
        detectable: smallest relative change that these boots would have shown with a probability of 80 %, None without
            limits.
    """

    ratio: Interval
    p_value: float | None = None
    detectable: float | None = None

    @property
    def differs(self) -> bool | None:
        """Whether the interval excludes no change; None when there is none."""
        low, high = self.ratio.low, self.ratio.high
        return None if low is None or high is None else not low <= 1 <= high

    def inverted(self) -> "Comparison":
        """Return the comparison of a with b instead."""
        low, high = self.ratio.low, self.ratio.high
        limits = (None, None) if low is None or high is None else (1 / high, 1 / low)
        return Comparison(Interval(1 / self.ratio.point, *limits), self.p_value, self.detectable)


def compare_with_figure(figure: float, boots: PerBoot, level: float = LEVEL) -> Comparison:
    """Return the ratio of the geometric mean of ``boots`` (R,) to a number that is taken as it stands."""
    logs = positive_log(boots) - float(np.log(figure))
    found = typical(boots / figure, level)
    if len(boots) < 2:
        return Comparison(found)
    error, freedom = float(logs.std(ddof=1)) / len(logs) ** 0.5, float(len(logs) - 1)
    if error == 0:
        return Comparison(found, 1.0 if logs[0] == 0 else 0.0, 0.0)
    p_value = float(2 * stats.t.sf(abs(float(logs.mean())) / error, freedom))
    return Comparison(found, p_value, detectable_change(error, freedom, level))


def compare_boots(a: PerBoot, b: PerBoot, level: float = LEVEL) -> Comparison:
    """Return the ratio of the geometric means of ``b`` (Rb,) and ``a`` (Ra,), by Welch on logarithms."""
    log_a, log_b = positive_log(a), positive_log(b)
    difference = float(log_b.mean() - log_a.mean())
    if min(len(a), len(b)) < 2:
        return Comparison(Interval(float(np.exp(difference)), None, None))
    error, freedom = welch(log_a, log_b)
    if error == 0:
        ratio = float(np.exp(difference))
        return Comparison(Interval(ratio, ratio, ratio), 1.0 if difference == 0 else 0.0, 0.0)
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    limits = (float(np.exp(difference - half)), float(np.exp(difference + half)))
    p_value = float(2 * stats.t.sf(abs(difference) / error, freedom))
    return Comparison(
        Interval(float(np.exp(difference)), *limits), p_value, detectable_change(error, freedom, level)
    )


def welch(a: PerBoot, b: PerBoot) -> tuple[float, float]:
    """Return the standard error of the difference of means and Welch-Satterthwaite's degrees of freedom."""
    share_a, share_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    total = share_a + share_b
    if total == 0:
        return 0.0, float(len(a) + len(b) - 2)
    freedom = total**2 / (share_a**2 / (len(a) - 1) + share_b**2 / (len(b) - 1))
    return float(np.sqrt(total)), float(freedom)


def detectable_change(error: float, freedom: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return the smallest relative change found with probability ``power``, from the noncentral t distribution.

    Args:
        error: standard error of the difference of mean logarithms.
        freedom: its degrees of freedom.
        level: confidence level of the two-sided interval.
        power: probability of finding the change.
    """
    threshold = stats.t.ppf((1 + level) / 2, freedom)

    def shortfall(effect: float) -> float:
        return float(stats.nct.sf(threshold, freedom, effect / error) - power)

    upper = error * (threshold + 10)
    while shortfall(upper) < 0 and upper < GREATEST_EFFECT:
        upper *= 2
    if shortfall(upper) < 0:
        return float("inf")
    return float(np.expm1(optimize.brentq(shortfall, 0.0, upper)))

"""Statistics whose unit is the boot: intervals and comparisons from one summary per boot, on logarithms.

Times are positive and skewed, and what a reader asks about them is a ratio. So every interval here is computed from the
logarithm of per-boot means with Student's or Welch's t, and turned back. Inferences of one boot are never taken for
independent measurements.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

LEVEL = 0.95

PerBoot = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A point estimate with its confidence limits; limits are None when there are too few boots for them."""

    point: float
    low: float | None
    high: float | None


def positive_log(values: PerBoot) -> PerBoot:
    """Return the logarithm of ``values`` (R,).

    Raises:
        ValueError: when a value is not a positive number.
    """
    if not len(values) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("per-boot summaries have to be positive numbers")
    return np.log(values)


def typical(per_boot: PerBoot, level: float = LEVEL) -> Interval:
    """Return the geometric mean of ``per_boot`` (R,) with Student's interval on logarithms."""
    logs = positive_log(per_boot)
    if len(logs) < 2:
        return Interval(float(per_boot[0]), None, None)
    centre = float(logs.mean())
    half = float(stats.t.ppf((1 + level) / 2, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs)))
    return Interval(float(np.exp(centre)), float(np.exp(centre - half)), float(np.exp(centre + half)))


def between_boot_cv(per_boot: PerBoot) -> float | None:
    """Return the spread between boots as a share of the value (standard deviation of logarithms), from two boots on."""
    return float(positive_log(per_boot).std(ddof=1)) if len(per_boot) > 1 else None

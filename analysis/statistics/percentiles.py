"""Percentiles that are printed only when the number of inferences supports them.

The rule is that of MLPerf LoadGen's early stopping: a percentile ``p`` of ``n`` independent inferences is accepted with
confidence ``c`` when ``t`` of them may lie above it and ``P(Binomial(n, 1 - p) <= t) <= 1 - c``. With ``t = 1`` and
``c = 0.99`` that needs 11 inferences for p50, 64 for p90, 130 for p95 and 662 for p99.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

CONFIDENCE = 0.99
TOLERATED_ABOVE = 1


@cache
def required_n(p: float) -> int:
    """Return the least number of effective inferences that supports percentile ``p`` (0 < p < 1).

    >>> [required_n(p) for p in (0.5, 0.9, 0.95, 0.99)]
    [11, 64, 130, 662]
    """
    n = TOLERATED_ABOVE + 1
    while binom.cdf(TOLERATED_ABOVE, n, 1 - p) > 1 - CONFIDENCE:
        n += 1
    return n


def supported_percentile(values: npt.NDArray[np.float64], p: float, n_effective: float) -> float | None:
    """Return percentile ``p`` of ``values`` (n,), linearly interpolated, or None when n does not support it."""
    if not len(values) or n_effective < required_n(p):
        return None
    return float(np.quantile(values, p))

"""One boot's series of readings: how many independent ones it is worth, and whether it had settled."""

import numpy as np
import numpy.typing as npt

MINIMUM_FOR_N_EFFECTIVE = 100
MSER_BATCH = 5
MINIMUM_FOR_MSER = 100
UNSETTLED_SHARE = 1 / 3

Series = npt.NDArray[np.float64]


def effective_n(values: Series) -> float:
    """Return the number of independent readings that ``values`` (n,) are worth, by batch means, at most n.

    Below 100 readings there are too few batches for an estimate, and n itself is returned.
    """
    n = len(values)
    if n < MINIMUM_FOR_N_EFFECTIVE:
        return float(n)
    batch = int(np.sqrt(n))
    means = values[: n // batch * batch].reshape(-1, batch).mean(axis=1)
    spread = batch * means.var(ddof=1)
    if spread == 0:
        return float(n)
    return float(min(n, n * values.var(ddof=1) / spread))


def steady_from(values: Series) -> int | None:
    """Return the reading from which ``values`` (n,) are steady, by MSER-5, or None below 100 readings.

    MSER-5 (White 1997) takes means of batches of 5 and cuts where the variance of the rest, divided by its length, is
    least; the cut is sought in the first half.
    """
    if len(values) < MINIMUM_FOR_MSER:
        return None
    k = len(values) // MSER_BATCH
    centred = values[: k * MSER_BATCH] - values.mean()  # keeps the difference of squares exact
    means = centred.reshape(k, MSER_BATCH).mean(axis=1)
    remaining = k - np.arange(k // 2 + 1)
    tail_sum = np.cumsum(means[::-1])[::-1][: len(remaining)]
    tail_square = np.cumsum((means**2)[::-1])[::-1][: len(remaining)]
    variance = tail_square / remaining - (tail_sum / remaining) ** 2
    return int(np.argmin(variance / remaining)) * MSER_BATCH


def is_steady(values: Series) -> bool | None:
    """Return whether the cut of MSER-5 lies in the first third of ``values`` (n,); None when n is too small."""
    cut = steady_from(values)
    return None if cut is None else cut <= len(values) * UNSETTLED_SHARE

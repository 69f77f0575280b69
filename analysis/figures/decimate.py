"""Fewer points than were measured, without losing what the eye would see: the extremes stay."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt


def keep_extremes(values: npt.NDArray[np.float64], buckets: int) -> npt.NDArray[np.int64]:
    """Return the positions (at most 2 * ``buckets``) of the least and greatest value of each of ``buckets`` stretches.

    All positions are returned when ``values`` (n,) has no more than that.
    """
    n = len(values)
    if n <= 2 * buckets:
        return np.arange(n)
    edges = np.linspace(0, n, buckets + 1).astype(int)
    kept = set()
    for start, stop in pairwise(edges):
        stretch = values[start:stop]
        kept |= {start + int(stretch.argmin()), start + int(stretch.argmax())}
    return np.array(sorted(kept))

"""Cuts a measured phase into windows at inferences, each with an energy per inference of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.power.integrate import energies
from analysis.power.trace import Trace

CLOCK_TOLERANCE = 1e-3
COVERAGE_KNOWN = 0.90


@dataclass(frozen=True)
class Windows:
    """Windows of equal length, as far as inferences allow.

    Attributes:
        seconds: length of each, shape (n,).
        j_per_inference: shape (n,); a window in which the meter was heard for less than 90 % is left out.
    """

    seconds: NDArray[np.float64]
    j_per_inference: NDArray[np.float64]


def cut(
    trace: Trace, start_ns: int, end_ns: int, inferences_ns: NDArray[np.int64], window_s: float
) -> Windows:
    """Return as many windows of at least ``window_s`` as fit between two moments.

    Args:
        trace: of the board's meter.
        start_ns: beginning of the measured phase, on the trace's clock.
        end_ns: its end.
        inferences_ns: when each measured inference began, sorted, on the same clock.
        window_s: the least length.
    """
    count = int((end_ns - start_ns) / 1e9 / window_s * (1 + CLOCK_TOLERANCE)) if window_s > 0 else 0
    if count < 1 or len(inferences_ns) < count:
        return Windows(np.empty(0), np.empty(0))
    wanted = np.linspace(start_ns, end_ns, count + 1)[1:-1]
    places = np.concatenate([[0], np.searchsorted(inferences_ns, wanted), [len(inferences_ns)]])
    borders = np.concatenate([[start_ns], inferences_ns[places[1:-1]], [end_ns]]).astype(np.int64)
    starts, ends, numbers = borders[:-1], borders[1:], np.diff(places)
    part = trace.between(start_ns, end_ns, margin=2)
    total = energies(part, starts, ends)
    seconds = (ends - starts) / 1e9
    heard_s = seconds - total.gap_s
    known = (numbers > 0) & (heard_s >= COVERAGE_KNOWN * seconds)
    energy = total.observed_j[known] / heard_s[known] * seconds[known]
    return Windows(seconds[known], energy / numbers[known])

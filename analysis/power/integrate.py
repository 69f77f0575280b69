"""Energy between any two moments of a trace, gaps counted and never bridged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.power.trace import Trace

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Energies:
    """Per window, arrays of shape (n,).

    Observed energy in joules, seconds without a meter, distinct samples.
    """

    observed_j: Floats
    gap_s: Floats
    distinct: NDArray[np.int64]


def energies(trace: Trace, starts_ns: ArrayLike, ends_ns: ArrayLike) -> Energies:
    """Integrate power over many windows in one pass over the trace.

    The trapezoid rule, with linear interpolation at both ends of a window. An interval between samples
    longer than `Trace.gap_limit_s` adds no energy but counts as gap, as does what lies outside the trace.

    Args:
        trace: the samples.
        starts_ns: shape (n,), in the trace's clock.
        ends_ns: shape (n,); not before its start.
    """
    starts, ends = np.asarray(starts_ns, np.int64), np.asarray(ends_ns, np.int64)
    totals = _totals_at(trace, np.concatenate([starts, ends]))
    at_start, at_end = (totals[:, : len(starts)], totals[:, len(starts) :])
    energy, gap, distinct = at_end - at_start
    return Energies(energy, gap, distinct.astype(np.int64))


def _totals_at(trace: Trace, times_ns: NDArray[np.int64]) -> Floats:
    """Return energy, gap and distinct samples since the first sample, shape (3, n), at each of
    ``times_ns``.
    """
    order = np.argsort(times_ns, kind="stable")
    totals = np.zeros((3, len(times_ns)))
    if len(trace.records) == 0:
        totals[1] = (times_ns - times_ns.min()) / 1e9
        return totals
    origin = int(trace.records["t_ns"][0])
    wanted = (times_ns[order] - origin) / 1e9
    limit_s = trace.gap_limit_s()
    before = int(np.searchsorted(wanted, 0.0, "left"))
    totals[1, order[:before]] = wanted[:before]
    carried = np.array([0.0, 0.0, 1.0])
    done, last_s = before, 0.0
    for records in trace.chunks():
        times = (records["t_ns"] - origin) / 1e9
        last_s = float(times[-1])
        upto = int(np.searchsorted(wanted, last_s, "right"))
        at, carried = _within_chunk(times, records, wanted[done:upto], carried, limit_s)
        totals[:, order[done:upto]] = at
        done = upto
    totals[:, order[done:]] = carried[:, None]
    totals[1, order[done:]] += wanted[done:] - last_s
    return totals


def _within_chunk(
    times: Floats, records: NDArray[np.void], wanted: Floats, carried: Floats, limit_s: float
) -> tuple[Floats, Floats]:
    """Return the totals at ``wanted`` (shape (3, n)) and at the chunk's last sample (shape (3,))."""
    power = records["power_w"].astype(np.float64)
    steps = np.diff(times)
    is_gap = steps > limit_s
    bridged = np.where(is_gap, 0.0, steps)
    energy = _cumulative(bridged * (power[1:] + power[:-1]) / 2, carried[0])
    gap = _cumulative(steps - bridged, carried[1])
    distinct = _cumulative(changes(records), carried[2])
    totals = np.empty((3, len(wanted)))
    if len(wanted):
        k = np.clip(np.searchsorted(times, wanted, "right") - 1, 0, max(len(times) - 2, 0))
        into = wanted - times[k]
        after = np.minimum(k + 1, len(times) - 1)
        share = np.divide(
            into, times[after] - times[k], out=np.zeros_like(into), where=times[after] > times[k]
        )
        observed = np.where(is_gap[k], 0.0, into) if len(steps) else np.zeros_like(into)
        totals[0] = energy[k] + observed * (power[k] + share * (power[after] - power[k]) / 2)
        totals[1] = gap[k] + into - observed
        totals[2] = np.where(share >= 1.0, distinct[after], distinct[k])
    return totals, np.array([energy[-1], gap[-1], distinct[-1]])


def changes(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Tell for each sample but the first whether voltage or current differ from the sample before.

    Shape (n - 1,).
    """
    voltage, current = records["voltage_v"], records["current_a"]
    return (voltage[1:] != voltage[:-1]) | (current[1:] != current[:-1])


def _cumulative(steps: NDArray[np.generic], first: float) -> Floats:
    total = np.empty(len(steps) + 1)
    total[0] = first
    np.cumsum(steps, out=total[1:])
    total[1:] += first
    return total

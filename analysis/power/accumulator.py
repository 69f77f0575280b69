"""Compares what a meter has counted itself with what its samples integrate to: a difference means lost samples."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from analysis.power.integrate import energies
from analysis.power.trace import Trace

J_PER_WH = 3600.0
RESOLUTION_WH = 1e-3  # of the meters that count at all, unless their capabilities say otherwise
RELATIVE = 0.03
SHORTEST_S = 30.0


@dataclass(frozen=True)
class Counted:
    """Energy over ``span_s`` as the meter counted it and as the samples give it, and how far apart both may be."""

    counted_j: float
    integrated_j: float
    tolerance_j: float
    span_s: float

    @property
    def agrees(self) -> bool:
        """Tell whether both say the same."""
        return abs(self.counted_j - self.integrated_j) <= self.tolerance_j

    def objection(self) -> str | None:
        """Return the disagreement with both numbers, or None."""
        if self.agrees:
            return None
        return (
            f"the meter counted {self.counted_j:.4g} J in {self.span_s:.3g} s, its samples give "
            f"{self.integrated_j:.4g} J; they may differ by {self.tolerance_j:.2g} J"
        )


def cross_check(trace: Trace, start_ns: int, end_ns: int) -> Counted | None:
    """Compare between the first and the last reading of the meter's counter inside a window of the trace.

    Either reading is uncertain by a whole step of the counter. None where the meter does not count, where the two
    readings are less than half a minute apart, and where the counter went back, which means that it was reset.
    """
    readings = [
        (event["t_ns"], event["energy_wh"])
        for event in trace.events
        if event.get("event") == "accumulator"
        and start_ns <= event["t_ns"] <= end_ns
        and "energy_wh" in event
    ]
    if len(readings) < 2 or any(b[1] < a[1] for a, b in pairwise(readings)):
        return None
    (first_ns, first_wh), (last_ns, last_wh) = readings[0], readings[-1]
    span_s = (last_ns - first_ns) / 1e9
    if span_s < SHORTEST_S:
        return None
    total = energies(trace.between(first_ns, last_ns, margin=2), [first_ns], [last_ns])
    heard_s = span_s - float(total.gap_s[0])
    if heard_s <= 0:
        return None
    integrated_j = float(total.observed_j[0]) / heard_s * span_s
    step_j = (trace.caps.get("energy_resolution_wh") or RESOLUTION_WH) * J_PER_WH
    counted_j = (last_wh - first_wh) * J_PER_WH
    return Counted(counted_j, integrated_j, max(2 * step_j, RELATIVE * integrated_j), span_s)

"""What a meter saw between two moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.power.integrate import changes, energies
from analysis.power.trace import Trace


@dataclass(frozen=True)
class Window:
    """Power over a window of a trace, all times on the trace's clock.

    Attributes:
        energy_j: the observed mean power times the whole length.
        distinct: samples that differ from the one before.
        spread_w: standard deviation of the distinct samples.
        noise_w: standard deviation of neighbouring samples about each other, which slow changes do not raise.
        gap_s: how long the meter was not heard.
    """

    start_ns: int
    end_ns: int
    energy_j: float
    mean_w: float
    min_w: float | None
    max_w: float | None
    p1_w: float | None
    p99_w: float | None
    distinct: int
    spread_w: float
    noise_w: float
    gap_s: float
    sign_changed: bool

    @property
    def seconds(self) -> float:
        """Length of the window."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def coverage(self) -> float:
        """Share of the window in which the meter was heard."""
        return 1 - self.gap_s / self.seconds

    @property
    def effective_hz(self) -> float:
        """Distinct samples per second."""
        return self.distinct / self.seconds


def describe_window(trace: Trace, start_ns: int, end_ns: int) -> Window:
    """Integrate and describe ``[start_ns, end_ns]``, which must not be empty.

    Minimum, maximum and quantiles come from distinct samples inside the meter's range: one bad frame must
    not decide.
    """
    part = trace.between(start_ns, end_ns, margin=2)
    total = energies(part, [start_ns], [end_ns])
    seconds = (end_ns - start_ns) / 1e9
    gap_s = min(max(float(total.gap_s[0]), 0.0), seconds)
    observed_s = seconds - gap_s
    mean_w = float(total.observed_j[0]) / observed_s if observed_s > 0 else 0.0
    inside = trace.between(start_ns, end_ns, margin=0).records
    fresh = inside[np.concatenate([[True], changes(inside)])] if len(inside) else inside
    in_range = (fresh["voltage_v"] <= trace.caps["v_range"]) & (
        np.abs(fresh["current_a"]) <= trace.caps["i_range"]
    )
    power = fresh["power_w"][in_range].astype(np.float64)
    low, p1, p99, high = np.quantile(power, [0, 0.01, 0.99, 1]) if len(power) else (None,) * 4
    current = fresh["current_a"][in_range]
    return Window(
        start_ns,
        end_ns,
        energy_j=mean_w * seconds,
        mean_w=mean_w,
        min_w=low if low is None else float(low),
        max_w=high if high is None else float(high),
        p1_w=p1 if p1 is None else float(p1),
        p99_w=p99 if p99 is None else float(p99),
        distinct=len(power),
        spread_w=float(np.std(power)) if len(power) else 0.0,
        noise_w=float(np.sqrt(np.mean(np.diff(power) ** 2) / 2)) if len(power) > 1 else 0.0,
        gap_s=gap_s,
        sign_changed=bool(len(current)) and bool(current.min() < 0 < current.max()),
    )

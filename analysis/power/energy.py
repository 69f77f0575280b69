"""Power and energy of one cell, with an uncertainty, or the reason why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.power.accumulator import cross_check
from analysis.power.alignment import Alignment, align
from analysis.power.clocks import ClockRelation, relate
from analysis.power.integrate import Energies, energies
from analysis.power.trace import Trace
from analysis.power.uncertainty import K_95, gross_parts, net_uncertainty_j, root_sum_of_squares
from analysis.power.window import Window, describe_window
from analysis.power.windows import cut

MEASURED, DEGRADED, UNKNOWN = "measured", "degraded", "unknown"
COVERAGE_MEASURED, COVERAGE_KNOWN = 0.98, 0.90
DISTINCT_KNOWN, DISTINCT_MEASURED = 3, 30
PLENTY_S = 60.0
CLOCK_TOLERANCE = 1e-3
EDGES_IN_A_WINDOW = 4  # a window of fewer of the meter's own delays and intervals is mostly edge


@dataclass(frozen=True)
class CellEnergy:
    """What a power trace says about a cell; the table in ``analysis.power`` explains every field."""

    energy_status: str
    energy_reason: str | None
    scope: str | None = None
    simulated: bool = False
    power_idle_w: float | None = None
    idle_drift_w: float | None = None
    power_mean_w: float | None = None
    power_min_w: float | None = None
    power_max_w: float | None = None
    power_p1_w: float | None = None
    power_p99_w: float | None = None
    energy_j: float | None = None
    energy_j_per_inference: float | None = None
    energy_j_per_inference_net: float | None = None
    energy_uncertainty_j: float | None = None
    energy_net_uncertainty_j: float | None = None
    uncertainty_parts_j: dict[str, float] = field(default_factory=dict)
    coverage: float | None = None
    effective_hz: float | None = None
    alignment: dict[str, Any] | None = None
    accumulator_j: float | None = None
    accumulator_integral_j: float | None = None
    window_s: float | None = None
    windows_j_per_inference: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all fields, for a table or a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class _Cell:
    """A cell on the clock of a trace."""

    record: dict[str, Any]
    trace: Trace
    clock: ClockRelation
    alignment: Alignment

    def window(self, phase: str) -> Window | None:
        """Return what the meter saw during a phase, or None when the record has no such phase."""
        spans = [span for span in self.record.get("phases") or [] if span["name"] == phase]
        if not spans or spans[-1]["end_ns"] <= spans[0]["start_ns"]:
            return None
        lag_ns = round(self.alignment.offset_ms * 1e6)
        start, end = (self.clock.to_trace_ns(t) + lag_ns for t in (spans[0]["start_ns"], spans[-1]["end_ns"]))
        return describe_window(self.trace, start, end)


def cell_energy(
    record: dict[str, Any],
    controller: dict[str, Any] | None,
    trace: Trace,
    *,
    minimum_window_s: float = 60.0,
    window_s: float | None = None,
    inferences_ns: NDArray[np.int64] | None = None,
) -> CellEnergy:
    """Return power and energy of a cell's measured phase.

    Args:
        record: the cell record.
        controller: the controller's record of the cell, needed when board and meter are on different
            machines.
        trace: of the board's meter.
        minimum_window_s: a shorter measured phase is degraded.
        window_s: the measured phase is cut into windows of at least this length (default: ``minimum_window_s``).
        inferences_ns: when each measured inference began, on the board's clock; without them there are no windows.
    """
    known = {"scope": trace.meter["scope"], "simulated": bool(trace.meter["simulated"])}
    clock = relate(record, controller, trace)
    if clock is None:
        return CellEnergy(UNKNOWN, "the clocks of board and meter cannot be related", **known)
    alignment = align(record, trace, clock)
    if alignment is None:
        return CellEnergy(
            UNKNOWN, "the clocks are related by time of day only and no pulses confirm it", **known
        )
    known["alignment"] = alignment.describe()
    cell = _Cell(record, trace, clock, alignment)
    measured = cell.window("measured")
    inferences = record.get("n_completed") or 0
    if measured is None or not inferences:
        return CellEnergy(UNKNOWN, "no inference was measured", **known)
    idle, idle_drift = _idle(cell)
    known |= {"coverage": measured.coverage, "effective_hz": measured.effective_hz}
    known |= {"power_idle_w": idle, "idle_drift_w": idle_drift}
    if (reason := _too_short(measured, trace.caps)) is not None:
        return CellEnergy(DEGRADED, reason, **known)
    if (reason := _unusable(measured)) is not None:
        return CellEnergy(UNKNOWN, reason, **known)
    numbers = _numbers(cell, measured, inferences, idle, idle_drift)
    reasons = _reservations(measured, minimum_window_s, idle)
    counted = cross_check(trace, measured.start_ns, measured.end_ns)
    if counted is not None:
        numbers |= {"accumulator_j": counted.counted_j, "accumulator_integral_j": counted.integrated_j}
        reasons += filter(None, [counted.objection()])
    if inferences_ns is not None:
        numbers |= _windows(cell, measured, window_s or minimum_window_s, inferences_ns)
    return CellEnergy(DEGRADED if reasons else MEASURED, "; ".join(reasons) or None, **known, **numbers)


def _windows(
    cell: _Cell, measured: Window, window_s: float, inferences_ns: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the windows of the measured phase; one too short for the meter is refused, as a whole phase is."""
    if _too_short(replace(measured, end_ns=measured.start_ns + round(window_s * 1e9)), cell.trace.caps):
        return {}
    began = cell.clock.to_trace_ns(np.sort(inferences_ns)) + round(cell.alignment.offset_ms * 1e6)
    windows = cut(cell.trace, measured.start_ns, measured.end_ns, began, window_s)
    if not len(windows.seconds):
        return {}
    return {
        "window_s": float(windows.seconds.min()),
        "windows_j_per_inference": tuple(float(energy) for energy in windows.j_per_inference),
    }


def _too_short(window: Window, caps: dict[str, Any]) -> str | None:
    """Return why a window gives no number although the meter was there: it cannot resolve anything that short."""
    shortest_s = EDGES_IN_A_WINDOW * (caps["group_delay_s"] + 1 / caps["update_hz"])
    if window.seconds < shortest_s:
        return (
            f"window of {window.seconds:.3g} s is too short for a meter that measures at {caps['update_hz']:g} Hz "
            f"and lags by {caps['group_delay_s']:g} s; at least {shortest_s:.3g} s are needed"
        )
    return None


def _unusable(window: Window) -> str | None:
    if window.distinct < DISTINCT_KNOWN:
        return f"{window.distinct} distinct samples in {window.seconds:.3g} s; at least {DISTINCT_KNOWN} are needed"
    if window.coverage < COVERAGE_KNOWN:
        return f"the meter was heard for {window.coverage:.1%} of the window; at least 90% are needed"
    return None


def _reservations(window: Window, minimum_window_s: float, idle_w: float | None) -> list[str]:
    reasons = []
    if window.seconds < minimum_window_s * (1 - CLOCK_TOLERANCE):
        reasons.append(f"window of {window.seconds:.3g} s is shorter than {minimum_window_s:g} s")
    if window.distinct < DISTINCT_MEASURED and window.seconds < PLENTY_S:
        reasons.append(
            f"{window.distinct} distinct samples; at least {DISTINCT_MEASURED} or {PLENTY_S:g} s are needed"
        )
    if window.coverage < COVERAGE_MEASURED:
        reasons.append(f"the meter was heard for {window.coverage:.1%} of the window")
    if window.sign_changed:
        reasons.append("the current changed its sign")
    if idle_w is None:
        reasons.append("no idle phase could be measured")
    return reasons


def _idle(cell: _Cell) -> tuple[float | None, float | None]:
    """Return the mean idle power, weighted by time, and how much it moved from before to after."""
    spans = [cell.window(phase) for phase in ("idle_before", "idle_after")]
    usable = [span for span in spans if span and span.coverage >= COVERAGE_KNOWN and span.distinct]
    if not usable:
        return None, None
    mean = float(np.average([span.mean_w for span in usable], weights=[span.seconds for span in usable]))
    return mean, usable[1].mean_w - usable[0].mean_w if len(usable) == 2 else None


def _numbers(
    cell: _Cell, window: Window, inferences: int, idle_w: float | None, idle_drift_w: float | None
) -> dict[str, Any]:
    parts = gross_parts(cell.trace.caps, window, cell.alignment, _shifted(cell, window), idle_w)
    net_w = None if idle_w is None else window.mean_w - idle_w
    net_u = (
        None if idle_w is None else net_uncertainty_j(parts, cell.trace.caps, window, idle_w, idle_drift_w)
    )
    return {
        "power_mean_w": window.mean_w,
        "power_min_w": window.min_w,
        "power_max_w": window.max_w,
        "power_p1_w": window.p1_w,
        "power_p99_w": window.p99_w,
        "energy_j": window.energy_j,
        "energy_j_per_inference": window.energy_j / inferences,
        "energy_j_per_inference_net": None if net_w is None else net_w * window.seconds / inferences,
        "energy_uncertainty_j": K_95 * root_sum_of_squares(parts) / inferences,
        "energy_net_uncertainty_j": None if net_u is None else K_95 * net_u / inferences,
        "uncertainty_parts_j": {name: part / inferences for name, part in parts.items()},
    }


def _shifted(cell: _Cell, window: Window) -> Energies:
    """Return the energies of the window moved by the alignment's uncertainty to either side."""
    shift = round(cell.alignment.uncertainty_ms * 1e6)
    starts = np.array([window.start_ns - shift, window.start_ns, window.start_ns + shift])
    ends = starts + (window.end_ns - window.start_ns)
    part = cell.trace.between(int(starts.min()), int(ends.max()), margin=2)
    return energies(part, starts, ends)

"""Finds a meter's lag from the load pulses that the runner makes around a cell."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.power.clocks import ClockRelation, relate
from analysis.power.trace import Trace

SEARCH_S = 2.0
COARSE_S = 0.005
FINE_S = 0.0005
TIE = 1e-9
CHI2_95 = 3.84
MINIMUM_EXPLAINED = 0.5
MINIMUM_SAMPLES = 12
REPEATING = 1.5
K_95 = 1.96

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PulseFit:
    """A two-level template fitted to the trace.

    Lag and half of its 95 % interval, error and height of the step; the plateau of equal errors, of which the lag is
    the midpoint.
    """

    lag_s: float
    uncertainty_s: float
    residual_w: float
    step_w: float
    explained: float
    plateau_s: tuple[float, float]


@dataclass(frozen=True)
class PulseSamples:
    """What a meter saw of one group of pulses: sample times, shape (n,), power, shape (n,), and begin and end of each
    pulse, shape (k, 2); seconds of the trace's clock since the first pulse began.
    """

    times_s: Floats
    power_w: Floats
    pulses_s: Floats


@dataclass(frozen=True)
class PulseView:
    """A fit with what it rests on, to be drawn: ``error_w`` is the root mean square error at each of ``lags_s``."""

    samples: PulseSamples
    fit: PulseFit
    lags_s: Floats
    error_w: Floats


@dataclass(frozen=True)
class Alignment:
    """How trace time follows from board time; see the table in ``analysis.power``."""

    method: str
    offset_ms: float
    uncertainty_ms: float
    residual: float | None
    step_w: float | None
    clock_method: str
    clock_uncertainty_ms: float

    def describe(self) -> dict[str, Any]:
        """Return the JSON object."""
        return asdict(self)


def fit_pulses(
    times_s: Floats, power_w: Floats, pulses_s: Floats, search_s: float = SEARCH_S
) -> PulseFit | None:
    """Fit ``power = low + step x template(time - lag)`` by least squares.

    At low sample rates the error has a plateau of exact ties, because no sample falls between two shifts:
    the lag is the plateau's midpoint, and its half-width is part of the uncertainty.

    Args:
        times_s: sample times, shape (n,).
        power_w: samples, shape (n,).
        pulses_s: begin and end of each pulse in the same clock, shape (k, 2).
        search_s: how far the lag may be from zero.

    Returns:
        None when the samples are too few or show no pulses.
    """
    if len(times_s) < MINIMUM_SAMPLES or not len(pulses_s):
        return None
    edges = pulses_s.ravel()
    coarse = np.arange(-search_s, search_s + COARSE_S / 2, COARSE_S)
    best = float(coarse[np.argmin(_errors(times_s, power_w, edges, coarse))])
    reach = 2 * COARSE_S + _longest_interval(times_s)
    fine = np.arange(best - reach, best + reach, FINE_S)
    errors = _errors(times_s, power_w, edges, fine)
    floor, total = float(errors.min()), float(np.sum((power_w - power_w.mean()) ** 2))
    explained = 1 - floor / total if total > 0 else 0.0
    if explained < MINIMUM_EXPLAINED:
        return None
    low, high = _plateau(fine, errors, floor + TIE * total)
    likely_low, likely_high = _plateau(fine, errors, floor * (1 + CHI2_95 / (len(times_s) - 3)) + TIE * total)
    lag = (low + high) / 2
    inside = _template(times_s, edges, lag)
    step = float(power_w[inside].mean() - power_w[~inside].mean())
    if step <= 0:
        return None
    uncertainty = max(likely_high - lag, lag - likely_low, (high - low) / 2, 2 * FINE_S)
    uncertainty = float(np.hypot(uncertainty, _refresh_bound(times_s, power_w)))
    return PulseFit(lag, uncertainty, float(np.sqrt(floor / len(times_s))), step, explained, (low, high))


def _refresh_bound(times_s: Floats, power_w: Floats) -> float:
    """Return half of the 95 % interval of where a refresh fell, for a meter that is asked more often than it measures.

    Its repeats look like evidence and are none: the error of the fit falls off beside a lag that depends on when, in
    the meter's own interval, the pulses came.
    """
    fresh = times_s[1:][np.diff(power_w) != 0]
    if len(fresh) < 2:
        return 0.0
    refresh_s, interval_s = float(np.median(np.diff(fresh))), float(np.median(np.diff(times_s)))
    return K_95 * refresh_s / math.sqrt(12) if refresh_s > REPEATING * interval_s else 0.0


def view_fit(samples: PulseSamples, search_s: float = SEARCH_S) -> PulseView | None:
    """Fit and keep the error of every candidate lag; None where `fit_pulses` finds nothing."""
    fit = fit_pulses(samples.times_s, samples.power_w, samples.pulses_s, search_s)
    if fit is None:
        return None
    lags = np.arange(-search_s, search_s + COARSE_S / 2, COARSE_S)
    errors = _errors(samples.times_s, samples.power_w, samples.pulses_s.ravel(), lags)
    return PulseView(samples, fit, lags, np.sqrt(errors / len(samples.times_s)))


def _template(times_s: Floats, edges: Floats, lag: float) -> NDArray[np.bool_]:
    return np.searchsorted(edges, times_s - lag, "right") % 2 == 1


def _errors(times_s: Floats, power_w: Floats, edges: Floats, lags: Floats) -> Floats:
    """Return the sum of squares that is left after the best two levels, for every lag.

    Shape like ``lags``.
    """
    count, squares = len(power_w), float(np.sum(power_w**2))
    running = np.concatenate([[0.0], np.cumsum(power_w)])
    bounds = np.searchsorted(times_s, edges[None, :] + lags[:, None], "left")
    n_high = np.sum(bounds[:, 1::2] - bounds[:, ::2], axis=1)
    sum_high = np.sum(running[bounds[:, 1::2]] - running[bounds[:, ::2]], axis=1)
    explained = _square_share(sum_high, n_high) + _square_share(running[-1] - sum_high, count - n_high)
    return np.maximum(squares - explained, 0.0)


def _square_share(total: Floats, count: NDArray[np.int64]) -> Floats:
    return np.divide(total**2, count, out=np.zeros(len(total)), where=count > 0)


def _plateau(lags: Floats, errors: Floats, limit: float) -> tuple[float, float]:
    """Return the ends of the run of lags around the minimum whose error is at most ``limit``."""
    low = high = int(np.argmin(errors))
    while low > 0 and errors[low - 1] <= limit:
        low -= 1
    while high < len(errors) - 1 and errors[high + 1] <= limit:
        high += 1
    return float(lags[low]), float(lags[high])


def _longest_interval(times_s: Floats) -> float:
    return float(np.quantile(np.diff(times_s), 0.9))


def pulse_samples(trace: Trace, pulses_ns: list[list[int]], clock: ClockRelation) -> PulseSamples | None:
    """Return what the trace holds of one group of pulses, given in board time; None where there are no pulses."""
    if not pulses_ns:
        return None
    pulses = np.array([[clock.to_trace_ns(edge) for edge in pulse] for pulse in pulses_ns])
    margin = int(SEARCH_S * 1e9)
    part = trace.between(int(pulses.min()) - margin, int(pulses.max()) + margin, margin=0).records
    origin = int(pulses.min())
    times = (part["t_ns"] - origin) / 1e9
    return PulseSamples(times, part["power_w"].astype(np.float64), (pulses - origin) / 1e9)


def fit_group(trace: Trace, pulses_ns: list[list[int]], clock: ClockRelation) -> PulseFit | None:
    """Fit one group of pulses, given in board time, to the trace."""
    samples = pulse_samples(trace, pulses_ns, clock)
    if samples is None:
        return None
    return fit_pulses(samples.times_s, samples.power_w, samples.pulses_s)


def view_pulses(record: dict[str, Any], controller: dict[str, Any] | None, trace: Trace) -> PulseView | None:
    """Return the fit of a cell's first group of pulses that can be fitted, to be drawn."""
    clock, groups = relate(record, controller, trace), record.get("pulses") or {}
    if clock is None:
        return None
    parts = [pulse_samples(trace, groups.get(when) or [], clock) for when in ("before", "after")]
    return next((view for part in parts if part and (view := view_fit(part))), None)


def align(record: dict[str, Any], trace: Trace, clock: ClockRelation) -> Alignment | None:
    """Return the alignment of a cell, from its pulses where they can be fitted, else from the meter's known
    delay.

    None when the clocks are not to be trusted and no pulses confirm them.
    """
    groups = record.get("pulses") or {}
    fits = [fit for when in ("before", "after") if (fit := fit_group(trace, groups.get(when) or [], clock))]
    clock_ms = clock.uncertainty_ns / 1e6
    if fits:
        lag = float(np.mean([fit.lag_s for fit in fits]))
        own = float(np.sqrt(np.sum([fit.uncertainty_s**2 for fit in fits]))) / len(fits)
        spread = max(abs(fit.lag_s - lag) for fit in fits)
        residual, step = (
            float(np.mean([getattr(fit, key) for fit in fits])) for key in ("residual_w", "step_w")
        )
        method = "pulses_before_and_after" if len(fits) == 2 else "pulses"
        return Alignment(method, lag * 1e3, max(own, spread) * 1e3, residual, step, clock.method, clock_ms)
    if not clock.trusted:
        return None
    delay_s, refresh_s = trace.caps["group_delay_s"], 1 / trace.caps["update_hz"]
    uncertainty = np.hypot(delay_s / 2 + refresh_s, clock.uncertainty_ns / 1e9)
    return Alignment(
        "group_delay", delay_s * 1e3, float(uncertainty) * 1e3, None, None, clock.method, clock_ms
    )

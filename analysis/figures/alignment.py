"""How each meter's trace was placed on its board's clock: the fit of the load pulses, and the lag it found."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from analysis.cells import read_cell
from analysis.energy import EnergySource
from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.style import INK, MUTED, PALETTE, SHADE, WIDTH_IN, applied
from analysis.power import PulseView

ORDER = 72
TITLE = "Meter against board: the fit of the load pulses"
CAPTION = (
    "Above: power at the meter around the pulses of one cell. Shaded: when the board says it was busy; line: the "
    "two-level template, moved by the lag that was found. Below left: root mean square error of the template at every "
    "candidate lag; the lag is the midpoint of the lowest plateau, the band is its 95 % interval. Below right: the lag "
    "of each cell, in the order of the sweep, with its 95 % interval; the line is their median."
)
FITTED = "pulses"  # the beginning of every method that rests on pulses
SAMPLE, FIT = PALETTE[0], PALETTE[1]
BUCKETS = 300


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board whose cells were placed by pulses."""
    placed = data.cells[data.cells.alignment_method.str.startswith(FITTED).fillna(False).astype(bool)]
    for board in sorted(placed.board.unique()):
        own = placed[placed.board == board].sort_values("position")
        typical = own.iloc[(own.alignment_lag_ms - own.alignment_lag_ms.median()).abs().argsort().iloc[0]]
        view = _view(data, str(typical.cell_id))
        if view is not None:
            with applied():
                yield f"alignment-{board}", _board(own, view, _title(data, board, own, str(typical.cell_id)))


def _view(data: SweepData, cell_id: str) -> PulseView | None:
    planned = next(cell for cell in data.sweep.planned if cell["cell_id"] == cell_id)
    return EnergySource(data.sweep).pulses(read_cell(data.sweep, planned))


def _title(data: SweepData, board: str, own: pd.DataFrame, cell_id: str) -> str:
    simulated = " (simulated)" if own.simulated_parts.str.contains("meter").any() else ""
    return f"{data.name(board)} · meter {own.meter.iloc[0]}{simulated}\n{cell_id.partition('/')[2]}"


def _board(own: pd.DataFrame, view: PulseView, title: str) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 4.9))
    grid = figure.add_gridspec(2, 2, height_ratios=[1.15, 1])
    above, left, right = (figure.add_subplot(place) for place in (grid[0, :], grid[1, 0], grid[1, 1]))
    _pulses(above, view)
    _errors(left, view)
    _lags(right, own)
    above.set_title(title)
    return figure


def _pulses(panel: Axes, view: PulseView) -> None:
    """Draw the samples, thinned to their extremes, the board's pulses, and the template as it was fitted."""
    samples, fit = view.samples, view.fit
    for begin, end in samples.pulses_s:
        panel.axvspan(begin, end, color=SHADE, zorder=0, linewidth=0)
    kept = keep_extremes(samples.power_w, BUCKETS)
    panel.plot(
        samples.times_s[kept],
        samples.power_w[kept],
        ".-",
        color=SAMPLE,
        markersize=3,
        linewidth=0.7,
        label="meter",
    )
    edges = samples.pulses_s.ravel() + fit.lag_s
    high = np.searchsorted(edges, samples.times_s, "right") % 2 == 1
    low_w = float(samples.power_w[~high].mean())
    times = np.concatenate([[samples.times_s[0]], edges, [samples.times_s[-1]]])
    levels = low_w + fit.step_w * (np.arange(len(times)) % 2)
    levels[-1] = low_w
    panel.step(times, levels, where="post", color=FIT, linewidth=1.3, label="template at the lag found")
    panel.set_ylim(bottom=0)
    panel.set_xlabel("time since the first pulse (s)")
    panel.set_ylabel("power (W)")
    panel.legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 1), borderaxespad=0)


def _errors(panel: Axes, view: PulseView) -> None:
    fit, lags_ms = view.fit, view.lags_s * 1e3
    low, high = (edge * 1e3 for edge in fit.plateau_s)
    lag, uncertainty = fit.lag_s * 1e3, fit.uncertainty_s * 1e3
    panel.axvspan(lag - uncertainty, lag + uncertainty, color=SHADE, zorder=0, linewidth=0)
    steps = np.flatnonzero(np.diff(view.error_w))
    drawn = np.unique(
        np.concatenate([[0], steps, steps + 1, [len(lags_ms) - 1]])
    )  # a plateau needs its ends only
    panel.plot(lags_ms[drawn], view.error_w[drawn], color=SAMPLE, linewidth=1.1)
    panel.hlines(fit.residual_w, low, high, color=FIT, linewidth=3.5)
    panel.axvline(lag, color=FIT, linewidth=1.1, linestyle="--")
    panel.annotate(
        f"{lag:.0f} ± {uncertainty:.0f} ms\nplateau {high - low:.1f} ms",
        (lag, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(5, -3),
        textcoords="offset points",
        va="top",
        fontsize=8.5,
        color=INK,
    )
    panel.set_ylim(0, float(view.error_w.max()) * 1.35)
    panel.xaxis.set_major_locator(MultipleLocator(1000))
    panel.set_xlabel("candidate lag (ms)")
    panel.set_ylabel("error (W, root mean square)")


def _lags(panel: Axes, own: pd.DataFrame) -> None:
    order = np.arange(1, len(own) + 1)
    lags = own.alignment_lag_ms.to_numpy(dtype=float)
    bounds = own.alignment_uncertainty_ms.to_numpy(dtype=float)
    panel.axhline(float(np.median(lags)), color=MUTED, linewidth=0.9)
    panel.errorbar(order, lags, yerr=bounds, fmt="o", color=FIT, markersize=3.5, elinewidth=1, capsize=2)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlim(0.3, len(own) + 0.7)
    panel.set_xlabel("cell, in the order of the sweep")
    panel.set_ylabel("lag (ms)")

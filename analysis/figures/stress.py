"""A sustained run: every inference over wall time, and its histogram with stated bounds for outliers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.style import MUTED, WIDTH_IN, applied, backend_legend, colours

ORDER = 25
TITLE = "Sustained run"
CAPTION = (
    "Left: inferences over the time of their run, evenly thinned, with the least and the greatest of each stretch. "
    "Right: histogram. Dashed: quartiles minus and plus three times their distance; what lies beyond is "
    "never removed."
)
MODE = "sustained"
ROW_INCH = 1.8
POINTS_PER_PANEL, BINS = 900, 40
FENCE = 3.0


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that ran cells in sustained mode, a row per model."""
    for board in data.boards:
        readings = data.inferences(board)
        readings = readings[(readings["mode"] == MODE) & (readings.phase == "measured")]
        if len(readings):
            with applied():
                yield f"stress-{board}", _board(readings, data.name(board), data.backends)


def _board(readings: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    models = sorted(readings.model.unique())
    figure = Figure(figsize=(WIDTH_IN, 0.9 + ROW_INCH * len(models)))
    panels = figure.subplots(len(models), 2, sharey="row", squeeze=False, width_ratios=[3, 1])
    for (scatter, histogram), model in zip(panels, models, strict=True):
        runs = [run for _, run in readings[readings.model == model].groupby("cell_id", observed=True)]
        for run in runs:
            tone = colours(backends)[run.backend.iloc[0]]
            _run(scatter, histogram, run, tone, POINTS_PER_PANEL // len(runs))
        scatter.set_title(model)
        scatter.set_ylabel("time (ms)")
    panels[-1][0].set_xlabel("time since the start of the run (min)")
    panels[-1][1].set_xlabel("inferences (1)")
    backend_legend(figure, backends, name)
    return figure


def _run(scatter: Axes, histogram: Axes, run: pd.DataFrame, colour: str, points: int) -> None:
    times = run.inference_ms.to_numpy(dtype=float)
    minutes = (run.t_ns - run.t_ns.min()).to_numpy(dtype=float) / 60e9
    first, third = np.quantile(times, [0.25, 0.75])
    low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    evenly = np.arange(0, len(times), max(1, 2 * len(times) // max(points, 1)))
    kept = np.union1d(evenly, keep_extremes(times, max(points // 4, 1)))
    scatter.plot(minutes[kept], times[kept], ".", color=colour, markersize=2.5, alpha=0.6, markeredgewidth=0)
    histogram.hist(times, bins=BINS, orientation="horizontal", color=colour, alpha=0.5, histtype="stepfilled")
    for bound in (low, high) if low > 0 else (high,):
        scatter.axhline(bound, color=MUTED, linewidth=0.8, linestyle="--")

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
    "Left: every inference (thinned to its extremes) over the time of its run. Right: histogram. Dashed: quartiles "
    "minus and plus three times their distance; what lies beyond is shown and counted, never removed."
)
MODE = "sustained"
ROW_INCH = 1.8
BUCKETS, BINS = 250, 60
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
        for _, run in readings[readings.model == model].groupby("cell_id", observed=True):
            _run(scatter, histogram, run, colours(backends)[run.backend.iloc[0]])
        scatter.set_title(model)
        scatter.set_ylabel("time (ms)")
    panels[-1][0].set_xlabel("time since the start of the run (min)")
    panels[-1][1].set_xlabel("inferences (1)")
    backend_legend(figure, backends, name)
    return figure


def _run(scatter: Axes, histogram: Axes, run: pd.DataFrame, colour: str) -> None:
    times = run.inference_ms.to_numpy(dtype=float)
    minutes = (run.t_ns - run.t_ns.min()).to_numpy(dtype=float) / 60e9
    kept = keep_extremes(times, BUCKETS)
    scatter.plot(minutes[kept], times[kept], ".", color=colour, markersize=2.5, alpha=0.6, markeredgewidth=0)
    histogram.hist(times, bins=BINS, orientation="horizontal", color=colour, alpha=0.55)
    first, third = np.quantile(times, [0.25, 0.75])
    for bound in (first - FENCE * (third - first), third + FENCE * (third - first)):
        scatter.axhline(bound, color=MUTED, linewidth=0.8, linestyle="--")

"""Cumulative distribution of inference times, one line per boot."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.style import WIDTH_IN, applied, backend_legend, colours, label_milliseconds
from analysis.frame import preferred_mode

ORDER = 30
TITLE = "Cumulative distribution"
CAPTION = (
    "Share of the measured inferences that took at most so long, warm mode where there is one; one line per boot, so "
    "that the spread between boots can be seen beside the spread within one."
)
COLUMNS = 3
PANEL_INCH = 1.75
BUCKETS = 120


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board, with a panel per model."""
    for board in data.boards:
        readings = data.inferences(board)
        readings = readings[(readings.phase == "measured") & (readings["index"] > 0)]
        mode = preferred_mode(readings["mode"].unique())
        with applied():
            yield (
                f"distribution-{board}",
                _board(readings[readings["mode"] == mode], f"{data.name(board)}, {mode}", data.backends),
            )


def _board(readings: pd.DataFrame, case: str, backends: list[str]) -> Figure:
    models = sorted(readings.model.unique())
    columns = min(COLUMNS, len(models))
    rows = -(-len(models) // columns)
    figure = Figure(figsize=(WIDTH_IN, 0.7 + PANEL_INCH * rows))
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for panel, model in zip(panels.flat, models, strict=False):
        _steps(panel, readings[readings.model == model], backends)
        panel.set_title(model)
        panel.set_xlabel("inference time (ms)")
    for panel in list(panels.flat)[len(models) :]:
        panel.remove()
    for row in panels:
        row[0].set_ylabel("share of inferences")
    backend_legend(figure, backends, case)
    return figure


def _steps(panel: Axes, readings: pd.DataFrame, backends: list[str]) -> None:
    tones = colours(backends)
    for _, boot in readings.groupby("cell_id", observed=True):
        times = np.sort(boot.inference_ms.to_numpy())
        kept = keep_extremes(times, BUCKETS)
        share = (kept + 1) / len(times)
        panel.step(
            times[kept], share, where="post", color=tones[boot.backend.iloc[0]], linewidth=1.1, alpha=0.85
        )
    panel.set_xscale("log")
    panel.set_ylim(0, 1.02)
    label_milliseconds(panel, "x")

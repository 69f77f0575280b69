"""Boxes over every measured inference, with the boots as dots: a comparison rests on the spread of the dots."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import INK, WIDTH_IN, applied, backend_legend, colours, label_milliseconds

ORDER = 35
TITLE = "Boxes, with boots as dots"
CAPTION = (
    "Boxes: quartiles of all measured inferences of a case, whiskers to the 5th and 95th percentile, as a description. "
    "Dots: the median of each boot, which is what intervals and comparisons rest on."
)
ROW_INCH = 0.24
QUARTILES = [0.05, 0.25, 0.5, 0.75, 0.95]


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board, with a panel per mode."""
    for board in data.boards:
        readings = data.inferences(board)
        readings = readings[
            (readings.phase == "measured") & (readings["index"] > 0) & (readings.inference_ms > 0)
        ]
        if len(readings):
            with applied():
                yield f"boots-{board}", _board(readings, data.name(board), data.backends)


def _board(readings: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    modes = sorted(readings["mode"].unique(), reverse=True)
    models = sorted(readings.model.unique())
    height = 1.2 + ROW_INCH * len(models) * (len(backends) + 0.6)
    figure = Figure(figsize=(WIDTH_IN, max(height, 2.4)))
    panels = figure.subplots(1, len(modes), sharey=True, squeeze=False)[0]
    for panel, mode in zip(panels, modes, strict=True):
        for (model, backend), case in readings[readings["mode"] == mode].groupby(["model", "backend"]):
            offset = (backends.index(str(backend)) - (len(backends) - 1) / 2) * 0.8 / len(backends)
            _box(
                panel,
                case,
                models.index(str(model)) + offset,
                0.55 / len(backends),
                colours(backends)[str(backend)],
            )
        panel.set_xscale("log")
        label_milliseconds(panel, "x")
        panel.set_title(mode)
        panel.set_xlabel("inference time (ms)")
        panel.grid(visible=False, axis="y")
    panels[0].set_yticks(range(len(models)), models)
    panels[0].invert_yaxis()
    backend_legend(figure, backends, name)
    return figure


def _box(panel: Axes, case: pd.DataFrame, y: float, height: float, colour: str) -> None:
    low, first, middle, third, high = np.quantile(case.inference_ms, QUARTILES)
    panel.plot([low, high], [y, y], color=colour, linewidth=1.1)
    panel.barh(y, third - first, left=first, height=height, color=colour, alpha=0.45, linewidth=0)
    panel.plot([middle, middle], [y - height / 2, y + height / 2], color=colour, linewidth=1.8)
    medians = case.groupby("cell_id", observed=True).inference_ms.median()
    panel.plot(medians, np.full(len(medians), y), "o", color=INK, markersize=2.6, linestyle="none")

"""Boxes and violins over every measured inference, with the boots as dots, on whose spread a comparison rests."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from analysis.figures.data import SweepData
from analysis.figures.style import INK, WIDTH_IN, applied, backend_legend, colours, label_milliseconds

ORDER = 35
TITLE = "Boxes and violins, with boots as dots"
CAPTION = (
    "Violins: density of all measured inferences of a case on the axis shown, 1st to 99th percentile; boxes: their "
    "quartiles, whiskers to the 5th and 95th percentile. Both describe. "
    "Dots: the median of each boot, which is what intervals and comparisons rest on."
)
ROW_INCH = 0.3
QUARTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
VIOLIN_POINTS, VIOLIN_READINGS = 48, 2000


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
                0.7 / len(backends),
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
    _violin(panel, case.inference_ms.to_numpy(dtype=float), y, height, colour)
    panel.plot([low, high], [y, y], color=colour, linewidth=1.1)
    panel.barh(y, third - first, left=first, height=height * 0.4, color=colour, alpha=0.55, linewidth=0)
    panel.plot([middle, middle], [y - height * 0.2, y + height * 0.2], color=colour, linewidth=1.8)
    medians = case.groupby("cell_id", observed=True).inference_ms.median()
    panel.plot(medians, np.full(len(medians), y), "o", color=INK, markersize=2.6, linestyle="none")


def _violin(panel: Axes, times: np.ndarray, y: float, height: float, colour: str) -> None:
    """Draw the density of the logarithms of ``times`` (n,) about ``y``; of many, every k-th is enough for it."""
    logs = np.log(np.sort(times)[:: max(1, len(times) // VIOLIN_READINGS)])
    if np.ptp(logs) == 0:
        return
    low, high = np.quantile(logs, [0.01, 0.99])
    at = np.linspace(float(low), float(high), VIOLIN_POINTS)
    density = gaussian_kde(logs)(at)
    half = height / 2 * density / density.max()
    panel.fill_between(np.exp(at), y - half, y + half, color=colour, alpha=0.22, linewidth=0)

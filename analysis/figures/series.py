"""Every inference over its number, cold beside warm: start-up spikes and steps of throttling show here."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.style import SHADE, WIDTH_IN, applied, backend_legend, colours, label_milliseconds

ORDER = 20
TITLE = "Every inference, in order"
CAPTION = (
    "One line per boot, from the first inference after the load. The shaded stretch is warm-up. Long series are "
    "thinned so that the least and the greatest time of each stretch stay."
)
ROW_INCH = 1.45
ROWS_PER_FIGURE = 6
BUCKETS = 150


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board and page of models, with a column per mode."""
    for board in data.boards:
        readings = data.inferences(board)
        models = sorted(readings.model.dropna().unique())
        for start in range(0, len(models), ROWS_PER_FIGURE):
            page = models[start : start + ROWS_PER_FIGURE]
            number = start // ROWS_PER_FIGURE + 1
            slug = f"series-{board}" if len(models) <= ROWS_PER_FIGURE else f"series-{board}-{number}"
            with applied():
                yield slug, _page(readings[readings.model.isin(page)], data.name(board), page, data.backends)


def _page(readings: pd.DataFrame, name: str, models: list[str], backends: list[str]) -> Figure:
    modes = sorted(readings["mode"].unique())
    figure = Figure(figsize=(WIDTH_IN, 0.7 + ROW_INCH * len(models)))
    panels = figure.subplots(len(models), len(modes), sharey="row", squeeze=False)
    for row, model in zip(panels, models, strict=True):
        for panel, mode in zip(row, modes, strict=True):
            _lines(panel, readings[(readings.model == model) & (readings["mode"] == mode)], backends)
            panel.set_title(f"{model} · {mode}")
        row[0].set_ylabel("time (ms)")
        label_milliseconds(row[0])
    for panel in panels[-1]:
        panel.set_xlabel("inference number")
    backend_legend(figure, backends, name)
    return figure


def _lines(panel: Axes, readings: pd.DataFrame, backends: list[str]) -> None:
    tones = colours(backends)
    for _, boot in readings.groupby("cell_id", observed=True):
        times = boot.inference_ms.to_numpy()
        kept = keep_extremes(times, BUCKETS)
        numbers = boot["index"].to_numpy()[kept] + 1
        panel.plot(numbers, times[kept], color=tones[boot.backend.iloc[0]], linewidth=0.9, alpha=0.8)
    warmup = readings.loc[readings.phase == "warmup", "index"]
    if len(warmup):
        panel.axvspan(0.5, warmup.max() + 1.5, color=SHADE, zorder=0, linewidth=0)
    panel.set_yscale("log")
    panel.margins(x=0.01)
    panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True))

"""Mean inference time with its deviation, per board, mode, model and backend."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import INK, PALETTE, WIDTH_IN, applied, backend_legend, colours
from analysis.report.format import number

ORDER = 10
TITLE = "Mean inference time"
CAPTION = (
    "Bars: mean over boots of each boot's mean, from the second inference on. Whiskers: sample standard deviation "
    "within a boot (root mean square over boots). Dots: the mean of each boot."
)
BAR_INCH = 0.21
GAP = 0.8
"""Between labels, in bars."""


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board, with a panel per mode."""
    for board in data.boards:
        cells = data.sound[data.sound.board == board]
        if len(cells):
            with applied():
                yield f"latency-{board}", _board(cells, data.name(board), data.backends)


def _board(cells: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    modes = sorted(cells["mode"].unique(), reverse=True)
    cells = cells.assign(label=_labels(cells))
    rows, centres, length = _rows(cells, backends)
    figure = Figure(figsize=(WIDTH_IN, max(0.9 + BAR_INCH * length, 2.2)))
    panels = figure.subplots(1, len(modes), sharey=True, squeeze=False)[0]
    for panel, mode in zip(panels, modes, strict=True):
        _bars(panel, cells[cells["mode"] == mode], rows, colours(backends))
        panel.set_title(mode)
        panel.set_xlabel("inference time (ms)")
    panels[0].set_yticks(list(centres.values()), list(centres))
    panels[0].set_ylim(length, 0)
    backend_legend(figure, backends, name)
    return figure


def _rows(
    cells: pd.DataFrame, backends: list[str]
) -> tuple[dict[tuple[str, str], float], dict[str, float], float]:
    """Return each bar's place by label and backend, each label's middle, and the length of all, in bars.

    A model's variants stand together, models in the order of their times, and only what was measured takes room.
    """
    rows: dict[tuple[str, str], float] = {}
    centres: dict[str, float] = {}
    end = GAP / 2
    models = cells.groupby("model").inference_ms_mean.median().sort_values().index
    for model in models:
        for label, own in cells[cells.model == model].groupby("label"):
            present = [backend for backend in backends if backend in set(own.backend)]
            rows |= {(str(label), backend): end + place + 0.5 for place, backend in enumerate(present)}
            centres[str(label)] = end + len(present) / 2
            end += len(present) + GAP
    return rows, centres, end - GAP / 2


def _labels(cells: pd.DataFrame) -> "pd.Series[str]":
    """Name the variant only where it tells rows apart."""
    if cells.variant.nunique() == 1:
        return cells.model
    return cells.model + " " + cells.variant


def _bars(
    panel: Axes, cells: pd.DataFrame, rows: dict[tuple[str, str], float], tones: dict[str, str]
) -> None:
    longest = 0.0
    for (label, backend), boots in cells.groupby(["label", "backend"]):
        y = rows[str(label), str(backend)]
        means = boots.inference_ms_mean.to_numpy(dtype=float)
        deviations = boots.inference_ms_std.dropna().to_numpy(dtype=float)
        deviation = float(np.sqrt((deviations**2).mean())) if len(deviations) else 0.0
        mean = float(means.mean())
        panel.barh(y, mean, height=0.86, color=tones[str(backend)], alpha=0.85, linewidth=0)
        if deviation:
            panel.errorbar(mean, y, xerr=deviation, color=INK, linewidth=0.9, capsize=2)
        panel.plot(
            means, np.full(len(means), y), "o", color=INK, markersize=2.2, alpha=0.75, linestyle="none"
        )
        end = max(mean + deviation, means.max())
        longest = max(longest, end)
        said = f"{number(mean)}  {backend}" if len(tones) > len(PALETTE) else number(mean)
        panel.annotate(said, (end, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    panel.set_xlim(0, longest * 1.16)
    panel.grid(visible=False, axis="y")

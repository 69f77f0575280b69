"""Accuracy and time against sparsity, from variants named ``…sparsity_<per cent>``; not pruned is zero."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import PALETTE, WIDTH_IN, applied

ORDER = 90
TITLE = "Sparsity"
CAPTION = (
    "Top-1 accuracy and mean inference time against the share of weights that were pruned; "
    "mean over boots and backends."
)
PATTERN = r"(?:sparsity|pruned)_?(\d+)"
PANELS = {"top1": "top-1 accuracy (%)", "inference_ms_mean": "inference time (ms)"}


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that measured pruned variants."""
    for board in data.boards:
        cells = data.sound[data.sound.board == board]
        per_cent = cells.variant.str.extract(PATTERN)[0].astype("Float64")
        if per_cent.notna().any():
            chosen = cells.assign(sparsity=per_cent)[per_cent.notna() | (cells.variant == "fp32")]
            with applied():
                yield f"sparsity-{board}", _board(chosen.fillna({"sparsity": 0.0}), data.name(board))


def _board(cells: pd.DataFrame, name: str) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.2))
    panels = figure.subplots(1, len(PANELS))
    means = cells.groupby(["model", "sparsity"])[list(PANELS)].mean().astype(float).reset_index()
    for panel, (column, label) in zip(panels, PANELS.items(), strict=True):
        scale = 100 if column == "top1" else 1
        for number, (model, series) in enumerate(means.groupby("model")):
            colour = PALETTE[number % len(PALETTE)]
            panel.plot(series.sparsity, series[column] * scale, "o-", color=colour, markersize=4, label=model)
        panel.set_xlabel("sparsity (%)")
        panel.set_ylabel(label)
    handles, labels = panels[1].get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside upper left", ncols=4, title=name, alignment="left")
    legend.get_title().set_fontweight("bold")
    return figure

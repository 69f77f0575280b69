"""Accuracy and time against sparsity, from variants named ``pruned_<per cent>`` or ``…sparsity_<per cent>``."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import PALETTE, WIDTH_IN, applied
from analysis.frame import canonical, cases

ORDER = 90
TITLE = "Sparsity"
CAPTION = (
    "Top-1 accuracy and mean inference time against the share of weights that were pruned; "
    "mean over boots and backends."
)
PATTERN = r"^(?P<before>.*?)[ _]?(?:sparsity|pruned)_?(?P<sparsity>\d+)[ _]?(?P<after>.*)$"
PANELS = {"top1": "top-1 accuracy (%)", "inference_ms": "inference time (ms)"}


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that measured pruned variants."""
    rows = cases(canonical(data.cells.assign(source=data.sweep.sweep_id, published=False)), None)
    for board in data.boards:
        own = by_sparsity(rows[rows.board == board])
        if (own.sparsity > 0).any():
            with applied():
                yield f"sparsity-{board}", _board(own, data.name(board))


def by_sparsity(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over backends of each series and ``sparsity`` (%): a model's pruned variants of one precision.

    The variant of that precision which is not pruned stands at 0.
    """
    parts = rows.variant.astype("string").str.extract(PATTERN)
    precision = (parts.before + parts.after).replace("", "fp32").fillna(rows.variant)
    named = rows.assign(
        series=rows.model + " " + precision, sparsity=parts.sparsity.astype("Float64").fillna(0)
    )
    pruned = set(named.series[named.sparsity > 0])
    chosen = named[named.series.isin(pruned)].assign(
        series=lambda frame: frame.series.str.removesuffix(" fp32")
    )
    return chosen.groupby(["series", "sparsity"])[list(PANELS)].mean().astype(float).reset_index()


def _board(means: pd.DataFrame, name: str) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.2))
    panels = figure.subplots(1, len(PANELS))
    for panel, (column, label) in zip(panels, PANELS.items(), strict=True):
        scale = 100 if column == "top1" else 1
        for number, (label_of, series) in enumerate(means.groupby("series")):
            colour = PALETTE[number % len(PALETTE)]
            panel.plot(
                series.sparsity, series[column] * scale, "o-", color=colour, markersize=4, label=str(label_of)
            )
        panel.set_xlabel("sparsity (%)")
        panel.set_ylabel(label)
    handles, labels = panels[1].get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside upper left", ncols=4, title=name, alignment="left")
    legend.get_title().set_fontweight("bold")
    return figure

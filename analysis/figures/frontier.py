"""Accuracy against time and against energy, with the frontier of what no other case beats in both."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import (
    INK,
    MUTED,
    WIDTH_IN,
    applied,
    backend_legend,
    case_label,
    colours,
    label_milliseconds,
    markers,
)
from analysis.frame import canonical, cases
from analysis.frontier import COST, pareto

ORDER = 50
TITLE = "Accuracy against cost"
CAPTION = (
    "One mark per case with a real accuracy; the line joins those that no other beats in both. "
    "The axis of cost is logarithmic."
)
AXES = {"latency": "inference time (ms)", "energy": "energy per inference (J)"}


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board on which at least two models, or variants of one, have an accuracy."""
    rows = cases(canonical(data.cells.assign(source=data.sweep.sweep_id, published=False)), None)
    for board in data.boards:
        own = rows[rows.board == board]
        frontiers = {against: pareto(own, against) for against in COST}
        usable = {
            against: frame
            for against, frame in frontiers.items()
            if len(frame[["model", "variant"]].drop_duplicates()) > 1
        }
        if usable:
            cells = data.cells[data.cells.board == board]
            name = data.metered_name(board, cells) if "energy" in usable else data.name(board)
            with applied():
                yield f"frontier-{board}", _board(usable, name, data.backends)


def _board(frontiers: dict[str, pd.DataFrame], name: str, backends: list[str]) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.6))
    panels = figure.subplots(1, len(frontiers), sharey=True, squeeze=False)[0]
    for panel, (against, frame) in zip(panels, frontiers.items(), strict=True):
        _panel(panel, frame, COST[against], backends)
        panel.set_xlabel(AXES[against])
    panels[0].set_ylabel("top-1 accuracy (%)")
    backend_legend(figure, backends, name)
    return figure


def _panel(panel: Axes, frame: pd.DataFrame, cost: str, backends: list[str]) -> None:
    tones, shapes = colours(backends), markers(backends)
    best = frame[frame.on_frontier]
    panel.step(
        best[cost].astype(float), best.top1.astype(float) * 100, where="post", color=MUTED, linewidth=1
    )
    for row in frame.to_dict("records"):
        tone, shape, strength = (
            tones[row["backend"]],
            shapes[row["backend"]],
            1.0 if row["on_frontier"] else 0.45,
        )
        panel.plot(row[cost], row["top1"] * 100, shape, color=tone, alpha=strength)
    for row in best.drop_duplicates(["model", "variant"]).to_dict("records"):
        point = (row[cost], row["top1"] * 100)
        panel.annotate(
            case_label(row), point, xytext=(5, 5), textcoords="offset points", fontsize=8, color=INK
        )
    panel.set_xscale("log")
    panel.margins(0.15)
    label_milliseconds(panel, "x")

"""How far each backend's answers are from the source model's: where a fast number might be a wrong one."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import INK, MUTED, WIDTH_IN, applied, colours
from analysis.report.format import number

ORDER = 60
TITLE = "Answers against the source model"
CAPTION = (
    "The largest difference of any stored output from what the source model gave for the same input, over modes and "
    "repeats. Dots left of the bar's end, which is what the artifact's precision allows there, agree; a hollow dot at "
    "the left edge has no difference at all. A backend whose output is not finite has no dot."
)
ROW_INCH = 0.2
FLOOR = 0.3  # of the smallest difference: where exact answers are drawn


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that checked an answer."""
    checked = data.cells[data.cells.check_max_abs_diff.notna()]
    for board, cells in checked.groupby("board"):
        worst = cells.groupby(["model", "variant", "backend"], as_index=False, sort=True)[
            ["check_max_abs_diff", "check_tolerance_used"]
        ].max()
        with applied():
            yield f"answers-{board}", _board(worst, data.name(str(board)), data.backends)


def _board(worst: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    tones = colours(backends)
    differences = worst.check_max_abs_diff.astype(float)
    allowed = differences / worst.check_tolerance_used.astype(float)
    positive = differences[differences > 0]
    left = float(positive.min()) * FLOOR if len(positive) else 1e-9
    figure = Figure(figsize=(WIDTH_IN, 1.0 + ROW_INCH * (len(worst) + worst.model.nunique())))
    panel = figure.subplots()
    labels, y, previous = [], 0.0, None
    for model, variant, backend, difference, limit in zip(
        worst.model, worst.variant, worst.backend, differences, allowed, strict=True
    ):
        case = f"{model} {variant}"
        y += 1.0 if previous in (None, case) else 1.7
        labels.append((y, f"{case} · {backend}" if case != previous else backend))
        previous = case
        if difference > 0 and limit > left:
            panel.barh(y, limit - left, left=left, height=0.5, color=MUTED, alpha=0.16, linewidth=0)
        fill = tones[backend] if difference > 0 else "none"
        at = max(difference, left)
        panel.plot(at, y, "o", markersize=5, color=tones[backend], markerfacecolor=fill, clip_on=False)
        text = number(difference, 2) if difference > 0 else "0"
        panel.annotate(
            text, (at, y), (6, 0), textcoords="offset points", va="center", fontsize=7.5, color=INK
        )
    panel.set_xscale("log")
    panel.set_yticks([place for place, _ in labels], [label for _, label in labels])
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set_xlabel("largest difference of an output (1)")
    panel.set_title(name)
    return figure

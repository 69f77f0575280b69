"""One look for every figure: sizes, and colours that colour-blind readers can tell apart."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe and Ito (2008), without black and without yellow, which is too light on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, MUTED, GRID, SHADE = "#1b1f24", "#667085", "#dddfe3", "#eef0f3"
LAYOUT_FONT = (
    "DejaVu Sans"  # comes with matplotlib, so layout is the same everywhere; wider than what a page shows
)
WIDTH_IN = 7.6
VERY_WIDE_SPAN = 60.0
MOST_LEGEND_COLUMNS = 5
WIDE_SPAN = 3.0  # from this ratio of greatest to least on, ticks at 1, 2 and 5 of each decade are enough

RC = {
    "font.family": LAYOUT_FONT,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.06,
}


def colours(backends: Sequence[str]) -> dict[str, str]:
    """Return the colour of each backend; the same set of backends always gets the same colours."""
    return {name: PALETTE[number % len(PALETTE)] for number, name in enumerate(sorted(set(backends)))}


def markers(backends: Sequence[str]) -> dict[str, str]:
    """Return the marker of each backend, so that colour is never the only difference."""
    count = len(MARKERS)  # from the seventh backend on colours come again, with another marker each
    return {
        name: MARKERS[(number + number // count) % count] for number, name in enumerate(sorted(set(backends)))
    }


def applied() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn in this style."""
    return mpl.rc_context(cast(Any, RC))


def rows(labels: Sequence[str], row_inch: float) -> tuple[Figure, Axes]:
    """Return a figure with one labelled row per case, the first on top; what was measured runs along x."""
    figure = Figure(figsize=(WIDTH_IN, 1.4 + row_inch * len(labels)))
    panel = figure.subplots()
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.5, -0.5)
    panel.grid(visible=False, axis="y")
    return figure, panel


def case_label(case: Mapping[Hashable, Any], *columns: str) -> str:
    """Return a case's model, its variant where it is not plain, and what else tells it apart."""
    model = f"{case['model']} {case['variant']}".removesuffix(" fp32")
    return " · ".join([model, *(str(case[column]) for column in columns)])


def backend_legend(figure: Figure, backends: Sequence[str], title: str) -> None:
    """Put one legend for the whole figure above its panels, under the name of what they have in common."""
    tones, shapes = colours(backends), markers(backends)
    handles = [
        Line2D([], [], color=tones[name], marker=shapes[name], markersize=5, linewidth=1.6, label=name)
        for name in sorted(set(backends))
    ]
    legend = figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=min(len(handles), MOST_LEGEND_COLUMNS),
        borderaxespad=0.2,
        title=title,
        alignment="left",
        title_fontproperties={"weight": "bold", "size": 9.5},
    )
    legend.get_title().set_color(INK)


def label_milliseconds(axes: Axes, which: str = "y") -> None:
    """Write the ticks of a logarithmic axis of milliseconds as plain numbers, few enough not to collide."""
    axis, (low, high) = (axes.yaxis, axes.get_ylim()) if which == "y" else (axes.xaxis, axes.get_xlim())
    if high / low < WIDE_SPAN:
        axis.set_major_locator(mpl.ticker.MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    else:
        steps = (1.0, 2.0, 5.0) if high / low < VERY_WIDE_SPAN else (1.0,)
        axis.set_major_locator(mpl.ticker.LogLocator(base=10, subs=steps, numticks=6))
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(mpl.ticker.NullLocator())

"""Energy per inference with its error bar: gross and above idle, and the windows that it comes from."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.energetics import energy_cases
from analysis.figures.data import SweepData
from analysis.figures.style import INK, MUTED, applied, case_label, colours, label_milliseconds, rows

ORDER = 75
TITLE = "Energy per inference"
CAPTION = (
    "Filled: gross; hollow: above idle; bars: 95 % intervals, which consist mostly of what the meter may be wrong by, "
    "and so do not shrink with more repeats. Grey: each window that was measured, gross. The axis is logarithmic. A "
    "case whose energy is unknown is left out; one that is degraded has the reason in the table."
)
ROW_INCH = 0.42


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that has an energy."""
    for board in data.boards:
        cells = data.cells[data.cells.board == board]
        cases = energy_cases(cells)
        cases = cases[cases.energy_j_per_inference.notna()]
        if len(cases):
            with applied():
                yield f"energy-{board}", _board(cases, cells, data)


def _board(cases: pd.DataFrame, cells: pd.DataFrame, data: SweepData) -> Figure:
    tones = colours(data.backends)
    ordered = cases.sort_values("energy_j_per_inference").to_dict("records")
    figure, panel = rows([case_label(case, "backend", "mode") for case in ordered], ROW_INCH)
    for y, row in enumerate(ordered):
        tone = tones[row["backend"]]
        windows = _windows(cells, row)
        panel.plot(windows, [y + 0.28] * len(windows), "|", color=MUTED, markersize=6, markeredgewidth=0.9)
        _mark(panel, row, "energy", y, tone, filled=True)
        _mark(panel, row, "energy_above_idle", y + 0.14, tone, filled=False)
    panel.set_xscale("log")
    panel.margins(x=0.1)
    label_milliseconds(panel, "x")  # plain numbers at 1, 2 and 5
    panel.set_xlabel("energy per inference (J)", color=INK)
    marks = [("o", INK, "gross"), ("o", "white", "above idle"), ("|", MUTED, "windows")]
    handles = [
        Line2D([], [], linestyle="", marker=shape, markerfacecolor=face, markeredgecolor=edge, label=label)
        for (shape, face, label), edge in zip(marks, (INK, INK, MUTED), strict=True)
    ]
    panel.set_title(data.metered_name(str(cells.board.iloc[0]), cells), pad=20)
    panel.legend(handles=handles, loc="lower left", ncols=3, bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return figure


def _mark(panel: Axes, row: Mapping[Hashable, Any], name: str, y: float, tone: str, *, filled: bool) -> None:
    value, half = row[f"{name}_j_per_inference"], row[f"{name}_uncertainty_j_per_inference"]
    if pd.isna(value) or value <= 0:
        return
    low = min(half, value * 0.999) if not pd.isna(half) else 0.0  # a logarithmic axis has no zero
    bars = [[low], [0.0 if pd.isna(half) else half]]
    face = tone if filled else "white"
    panel.errorbar(value, y, xerr=bars, fmt="o", color=tone, markerfacecolor=face, markersize=5, capsize=2)


def _windows(cells: pd.DataFrame, row: Mapping[Hashable, Any]) -> list[float]:
    own = cells
    for name in ("model", "variant", "backend", "mode"):
        own = own[own[name] == row[name]]
    texts = own.energy_windows_j_per_inference.dropna()
    return [float(value) for text in texts for value in text.split(";")]

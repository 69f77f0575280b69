"""Power as an interval with its mean, above the idle power of the same cells."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import INK, MUTED, applied, backend_legend, case_label, colours, markers, rows

ORDER = 70
TITLE = "Power"
CAPTION = (
    "Line: least to greatest power at the meter during the measured inferences; mark: the mean; grey tick: idle power "
    "of the same cells. Means over boots; a case whose power is unknown is left out."
)
COLUMNS = ["power_idle_w", "power_min_w", "power_mean_w", "power_max_w"]
ROW_INCH = 0.27


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that has a power trace."""
    for board in data.boards:
        cells = data.sound[(data.sound.board == board) & data.sound.power_mean_w.notna()]
        if len(cells):
            with applied():
                yield f"power-{board}", _board(cells, data.metered_name(board, cells), data.backends)


def _board(cells: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    means = cells.groupby(["model", "variant", "backend", "mode"])[COLUMNS].mean().astype(float)
    tones, shapes = colours(backends), markers(backends)
    cases = means.reset_index().to_dict("records")
    figure, panel = rows([case_label(case, "mode") for case in cases], ROW_INCH)
    for y, case in enumerate(cases):
        tone, shape = tones[case["backend"]], shapes[case["backend"]]
        panel.hlines(y, case["power_min_w"], case["power_max_w"], color=tone, linewidth=4, alpha=0.35)
        panel.plot(case["power_mean_w"], y, shape, color=tone, markersize=6)
        panel.plot(case["power_idle_w"], y, "|", color=MUTED, markersize=9, markeredgewidth=1.6)
    panel.set_xlim(0, float(means.max().max()) * 1.05)
    panel.set_xlabel("power (W)", color=INK)
    backend_legend(figure, backends, name)
    return figure

"""How many times faster each backend is than the first one, per model."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import MUTED, WIDTH_IN, applied, backend_legend, colours
from analysis.frame import canonical, combined, one_mode
from analysis.report.format import number
from analysis.speedup import speedup

ORDER = 45
TITLE = "Speed-up"
CAPTION = (
    "Time of the baseline, which is named in the axis, over the time of each other backend; warm mode where there is "
    "one. Right of the line is faster than the baseline."
)
BAR_INCH = 0.22


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that measured at least two backends."""
    frame = canonical(data.cells.assign(source=data.sweep.sweep_id, published=False))
    for board in data.boards:
        timed = frame[(frame.board == board) & ~frame["mode"].isin(["throughput", "accuracy"])]
        rows = combined(one_mode(timed, None))
        rows = rows[rows.inference_ms.notna()]
        backends = sorted(rows.backend.unique())
        if len(backends) > 1 and not rows.duplicated(["model", "variant", "backend"]).any():
            table = speedup(rows, backends[0]).set_index("model").astype(float)
            with applied():
                yield f"speedup-{board}", _board(table, data.name(board), backends[0], data.backends)


def _board(table: pd.DataFrame, name: str, baseline: str, backends: list[str]) -> Figure:
    tones = colours(backends)
    thickness = 0.8 / len(table.columns)
    figure = Figure(figsize=(WIDTH_IN, 1.3 + BAR_INCH * len(table) * (len(table.columns) + 0.6)))
    panel = figure.subplots()
    for place, backend in enumerate(table.columns):
        offset = (place - (len(table.columns) - 1) / 2) * thickness
        for y, ratio in enumerate(table[backend]):
            if pd.notna(ratio):
                panel.barh(y + offset, ratio, height=thickness * 0.86, color=tones[backend], linewidth=0)
                end = (ratio, y + offset)
                panel.annotate(
                    number(ratio), end, (4, 0), textcoords="offset points", va="center", fontsize=8
                )
    panel.axvline(1, color=MUTED, linewidth=1)
    panel.set_yticks(range(len(table)), list(table.index))
    panel.invert_yaxis()
    panel.set_xlim(0, max(1.0, float(table.max().max())) * 1.14)
    panel.set_xlabel(f"times as fast as {baseline} (1)")
    panel.grid(visible=False, axis="y")
    backend_legend(figure, backends, name)
    return figure

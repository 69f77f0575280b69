"""Figure of merit: correctly inferred images per joule."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import applied, backend_legend, case_label, colours, rows
from analysis.report.format import number

ORDER = 80
TITLE = "Figure of merit"
CAPTION = (
    "Correctly inferred images per joule: top-1 accuracy times throughput over power, that is accuracy over energy per "
    "inference; mean over boots. Only cases "
    "whose accuracy and power are both known."
)
ROW_INCH = 0.28


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that has a case with a real accuracy and a known power."""
    for board in data.boards:
        cells = data.sound[(data.sound.board == board) & data.sound.images_per_joule_correct.notna()]
        if len(cells):
            with applied():
                yield f"merit-{board}", _board(cells, data.metered_name(board, cells), data.backends)


def _board(cells: pd.DataFrame, name: str, backends: list[str]) -> Figure:
    case = ["model", "variant", "backend", "mode"]
    means = cells.groupby(case).images_per_joule_correct.mean().astype(float).sort_values(ascending=False)
    tones = colours(backends)
    ordered = means.reset_index().to_dict("records")
    figure, panel = rows([case_label(case, "mode") for case in ordered], ROW_INCH)
    for y, row in enumerate(ordered):
        value = row["images_per_joule_correct"]
        panel.barh(y, value, height=0.7, color=tones[row["backend"]], linewidth=0)
        panel.annotate(number(value), (value, y), (4, 0), textcoords="offset points", va="center", fontsize=8)
    panel.set_xlim(0, float(means.max()) * 1.14)
    panel.set_xlabel("correct images per joule (1/J)")
    backend_legend(figure, backends, name)
    return figure

"""What pre- and post-processing cost beside the inference itself."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.style import INK, MUTED, PALETTE, applied, case_label, rows
from analysis.frame import preferred_mode
from analysis.report.format import number

ORDER = 60
TITLE = "What pre- and post-processing cost"
CAPTION = (
    "Share of one image's time per stage, warm mode where there is one, mean over boots; "
    "the total stands at the end."
)
STAGES = {
    "pre-processing": ("preprocess_ms_mean", PALETTE[4]),
    "inference": ("inference_ms_mean", PALETTE[0]),
    "post-processing": ("postprocess_ms_mean", PALETTE[2]),
}
ROW_INCH = 0.27


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board."""
    for board in data.boards:
        cells = data.sound[data.sound.board == board]
        modes = set(cells["mode"])
        if modes:
            mode = preferred_mode(modes)
            with applied():
                yield f"stages-{board}", _board(cells[cells["mode"] == mode], f"{data.name(board)} · {mode}")


def _board(cells: pd.DataFrame, name: str) -> Figure:
    columns = [column for column, _ in STAGES.values()]
    means = cells.groupby(["model", "variant", "backend"])[columns].mean().astype(float)
    totals = means.sum(axis=1)
    cases = means.reset_index().to_dict("records")
    figure, panel = rows([case_label(case, "backend") for case in cases], ROW_INCH)
    left = pd.Series(0.0, index=means.index)
    for stage, (column, colour) in STAGES.items():
        share = means[column] / totals * 100
        panel.barh(range(len(means)), share, left=left, color=colour, height=0.7, label=stage, linewidth=0)
        left += share
    for y, total in enumerate(totals):
        panel.annotate(
            f"{number(total)} ms",
            (100, y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    panel.set_xlim(0, 112)
    panel.set_xticks(range(0, 101, 20))
    panel.set_xlabel("share of the time of one image (%)", color=INK)
    panel.tick_params(color=MUTED)
    legend = figure.legend(loc="outside upper left", ncols=3, title=name, alignment="left")
    legend.get_title().set_fontweight("bold")
    return figure

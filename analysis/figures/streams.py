"""Latency and throughput against the number of inferences in flight."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.figures.data import SweepData
from analysis.figures.style import INK, MARKERS, PALETTE, WIDTH_IN, applied, label_milliseconds

ORDER = 47
TITLE = "Parallel streams"
CAPTION = (
    "Mode throughput. Left: mean time of one inference; right: completed inferences a second, first to last reading. "
    "Lines: mean over boots (geometric for times); dots: each boot. Dotted: what the least number of streams gives "
    "times the number of streams."
)
MODE = "throughput"
PANELS = {"inference_ms_mean": "inference time (ms)", "fps": "throughput (1/s)"}


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board that ran mode throughput with at least two numbers of streams."""
    for board in data.boards:
        cells = data.sound[
            (data.sound.board == board) & (data.sound["mode"] == MODE) & data.sound.streams.notna()
        ]
        several = cells.groupby(["model", "variant", "runtime"]).streams.transform("nunique") > 1
        if several.any():
            with applied():
                yield f"streams-{board}", _board(cells[several], data.name(board))


def _board(cells: pd.DataFrame, name: str) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.5))
    panels = figure.subplots(1, len(PANELS))
    counts = sorted(set(cells.streams.astype(int)))
    for number, (case, rows) in enumerate(cells.groupby(["model", "variant", "runtime"])):
        tone, shape = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        label = " · ".join(map(str, case)).replace(" · fp32", "")
        for panel, column in zip(panels, PANELS, strict=True):
            known = rows[rows[column].notna() & (rows[column] > 0)]
            logs = known[column].astype(float).map(np.log).groupby(known.streams.astype(int)).mean()
            panel.plot(
                logs.index, np.exp(logs), color=tone, marker=shape, markersize=5, linewidth=1.4, label=label
            )
            panel.plot(known.streams.astype(int), known[column].astype(float), ".", color=INK, markersize=3)
        if len(logs):
            least = int(logs.index[0])
            ideal = np.exp(logs.iloc[0]) * np.array(counts) / least
            panels[1].plot(counts, ideal, color=tone, linewidth=0.8, linestyle=":")
    for panel, label in zip(panels, PANELS.values(), strict=True):
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.xaxis.set_major_locator(FixedLocator(counts))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xticks(counts, [str(count) for count in counts])
        panel.set_xlabel("streams (1)")
        panel.set_ylabel(label)
        label_milliseconds(panel)
    handles, labels = panels[0].get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside upper left", ncols=3, title=name, alignment="left")
    legend.get_title().set_fontweight("bold")
    return figure

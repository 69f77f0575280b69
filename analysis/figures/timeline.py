"""Latency, temperature, clock frequency, throttling and power over one axis of time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.style import (
    INK,
    MUTED,
    SHADE,
    WIDTH_IN,
    applied,
    backend_legend,
    colours,
    label_milliseconds,
)
from analysis.scopes import scope_text

ORDER = 40
TITLE = "What happened when"
CAPTION = (
    "One axis of time for the whole sweep of a board: every inference (thinned to its extremes), hottest sensor, "
    "slowest clock and power at the meter. Shaded: a cell was running. Red: the board was being throttled."
)
LATENCY_POINTS = 450
BUCKETS = 400
GAP_STEPS = 10  # of the usual step between the points that are drawn
THROTTLED = "#B3261E"
HEIGHTS = [2.2, 1, 1, 1]


def draw(data: SweepData) -> Iterator[tuple[str, Figure]]:
    """Yield one figure per board."""
    for board in data.boards:
        offsets = data.wall_offsets_ns(board)
        readings = data.inferences(board)
        readings = readings[readings.cell_id.isin(offsets.index)]
        if len(readings):
            wall_ns = readings.t_ns + readings.cell_id.map(offsets).astype("int64")
            with applied():
                yield f"timeline-{board}", _board(data, board, readings.assign(wall_ns=wall_ns))


def _board(data: SweepData, board: str, readings: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 5.4))
    panels = figure.subplots(4, 1, sharex=True, height_ratios=HEIGHTS)
    origin_ns = int(readings.wall_ns.min())
    telemetry = data.telemetry(board)
    _latency(panels[0], readings, origin_ns, data.backends)
    _trace(panels[1], telemetry, "temperature_c", origin_ns, "°C")
    _trace(
        panels[2],
        telemetry.assign(frequency_ghz=telemetry.frequency_hz / 1e9),
        "frequency_ghz",
        origin_ns,
        "GHz",
    )
    _power(panels[3], data.power(board), origin_ns)
    for panel in panels:
        _shade_cells(panel, readings, origin_ns)
        _mark_throttling(panel, telemetry, origin_ns)
    span_s = (int(readings.wall_ns.max()) - origin_ns) / 1e9
    panels[0].set_xlim(-0.02 * span_s, 1.02 * span_s)
    panels[-1].set_xlabel("time since the first inference (s)")
    figure.align_ylabels(panels)
    backend_legend(figure, data.backends, data.name(board))
    return figure


def _seconds(wall_ns: "pd.Series[int]", origin_ns: int) -> np.ndarray:
    return (wall_ns.to_numpy(dtype="int64") - origin_ns) / 1e9


def _latency(panel: Axes, readings: pd.DataFrame, origin_ns: int, backends: list[str]) -> None:
    tones = colours(backends)
    buckets = max(2, LATENCY_POINTS // (2 * readings.cell_id.nunique()))
    for _, cell in readings.groupby("cell_id", observed=True):
        times = cell.inference_ms.to_numpy()
        kept = keep_extremes(times, buckets)
        seconds = _seconds(cell.wall_ns, origin_ns)[kept]
        tone = tones[cell.backend.iloc[0]]
        panel.plot(seconds, times[kept], ".", color=tone, markersize=3, alpha=0.8, markeredgewidth=0)
    panel.set_yscale("log")
    panel.set_ylabel("latency (ms)")
    label_milliseconds(panel)


def _trace(panel: Axes, telemetry: pd.DataFrame, column: str, origin_ns: int, unit: str) -> None:
    known = telemetry[telemetry[column].notna()]
    panel.set_ylabel(unit)
    if known.empty:
        _say_unknown(panel)
        return
    values = known[column].to_numpy(dtype=float)
    kept = keep_extremes(values, BUCKETS)
    panel.step(_seconds(known.wall_ns, origin_ns)[kept], values[kept], where="post", color=INK, linewidth=0.9)
    panel.margins(y=0.15)


def _power(panel: Axes, trace: pd.DataFrame | None, origin_ns: int) -> None:
    if trace is None or trace.empty:
        panel.set_ylabel("W")
        _say_unknown(panel)
        return
    values = trace.power_w.to_numpy(dtype=float)
    kept = keep_extremes(values, BUCKETS)
    seconds = _seconds(trace.wall_ns, origin_ns)[kept]
    panel.plot(*_broken(seconds, values[kept]), color=INK, linewidth=0.9)
    panel.set_ylim(0, values.max() * 1.15)
    mark = ", simulated meter" if trace.attrs["simulated"] else ""
    panel.set_ylabel("W")
    place = f"measured {scope_text([trace.attrs['scope']])}{mark}"
    panel.annotate(place, (0, 1.02), xycoords="axes fraction", color=MUTED, fontsize=8)


def _broken(seconds: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Break the line where the meter was not heard: nothing is known there."""
    steps = np.diff(seconds)
    gaps = np.flatnonzero(steps > GAP_STEPS * np.median(steps)) + 1 if len(steps) else np.array([], int)
    return np.insert(seconds, gaps, np.nan), np.insert(values, gaps, np.nan)


def _say_unknown(panel: Axes) -> None:
    panel.annotate(
        "not measured", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=MUTED
    )
    panel.set_yticks([])


def _shade_cells(panel: Axes, readings: pd.DataFrame, origin_ns: int) -> None:
    spans = readings.groupby("cell_id", observed=True).wall_ns.agg(["min", "max"])
    for start, end in spans.itertuples(index=False):
        panel.axvspan((start - origin_ns) / 1e9, (end - origin_ns) / 1e9, color=SHADE, zorder=0, linewidth=0)


def _mark_throttling(panel: Axes, telemetry: pd.DataFrame, origin_ns: int) -> None:
    slowed = telemetry[telemetry.throttled.fillna(False).astype(bool)]
    for second in _seconds(slowed.wall_ns, origin_ns):
        panel.axvline(second, color=THROTTLED, linewidth=0.8, alpha=0.25, zorder=0)

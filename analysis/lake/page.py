"""A year of nights on one page: a line per series, sortable, small enough to mail."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.lake.history import EVERY_SERIES, FALSE_DISCOVERY_RATE, KEY, QUIET, history
from analysis.report.build import ICON, ICON_COLOURS, environment

WIDTH, HEIGHT, POINTS = 180, 28, 60


def history_page(nights: pd.DataFrame, lake: Path | None = None) -> str:
    """Return the page, from the rows of ``analysis.lake.history.nightly``; in ``lake`` fingerprints are explained."""
    found = history(nights, lake)
    events, series = found[found.model == EVERY_SERIES], found[found.model != EVERY_SERIES]
    lines = {key: _line(times) for key, times in nights.groupby(KEY).inference_ms}
    rows = [{**row, "line": lines[tuple(row[name] for name in KEY)]} for row in series.to_dict("records")]
    changed = [row for row in rows if row["status"] not in QUIET]
    newest_first = sorted(changed, key=lambda row: (row["since"], abs(row["change"])), reverse=True)
    judged = len(rows) - int(series.status.isin(["learning", "not measured last night"]).sum())
    state = "red" if changed or len(events) else "green" if judged else "unknown"
    return (
        environment()
        .get_template("history.html.j2")
        .render(
            rows=rows,
            events=events.to_dict("records"),
            changes=newest_first,
            unseen=int((series.status == "not measured last night").sum()),
            rate=FALSE_DISCOVERY_RATE,
            detectable=float(series.detectable_change.median()),
            nights=nights.night.nunique(),
            first=nights.night.min(),
            last=nights.night.max(),
            boards=nights.board.nunique(),
            changed=len(changed),
            learning=int((series.status == "learning").sum()),
            state=state,
            icon=ICON.format(colour=ICON_COLOURS[state]),
        )
    )


def _line(times: "pd.Series[float]") -> str:
    """Return the points of a polyline, thinned to medians of stretches, scaled to its own range or 4 % at least."""
    logs = np.log(times.to_numpy(dtype=float))
    stretches = np.array_split(logs, min(POINTS, len(logs)))
    values = np.array([np.median(stretch) for stretch in stretches])
    centre, half = (values.max() + values.min()) / 2, max((values.max() - values.min()) / 2, 0.02)
    x = np.linspace(2, WIDTH - 2, len(values)) if len(values) > 1 else np.array([WIDTH / 2])
    y = HEIGHT / 2 - (values - centre) / half * (HEIGHT / 2 - 3)
    return " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(x, y, strict=True))

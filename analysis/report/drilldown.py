"""Every inference of a cell, one click away: a script shared by the pages, and one file of data per board.

A page opened from disk may not fetch a file, but it may load a script, so the data of a board is a script too.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.files import write_text

BUCKETS = 400
QUANTILES = np.linspace(0, 1, 101)
SCRIPT = "drilldown.js"


def write_drilldown(data: SweepData, report: Path, template: Path) -> set[str]:
    """Write ``drilldown.js`` and ``drilldown/<board>.js``; return the cells that can be looked into.

    Args:
        data: the sweep.
        report: its report directory.
        template: the script's source.
    """
    shutil.rmtree(report / "drilldown", ignore_errors=True)
    write_text(report / SCRIPT, template.read_text(encoding="utf-8"))
    known: set[str] = set()
    for board in data.boards:
        cells = {
            str(name): _cell(own) for name, own in data.inferences(board).groupby("cell_id", observed=True)
        }
        text = json.dumps([board, cells], separators=(",", ":"), allow_nan=False)
        write_text(report / "drilldown" / f"{board}.js", f"edgebench.take({text});\n")
        known |= set(cells)
    return known


def _cell(own: pd.DataFrame) -> dict[str, Any]:
    """Thin the readings to their extremes, and keep percentiles of all measured ones, which thinning would bend."""
    times = own.inference_ms.to_numpy(dtype=float)
    kept = keep_extremes(times, BUCKETS)
    measured = own.inference_ms[(own.phase == "measured") & (own["index"] > 0)].to_numpy(dtype=float)
    seconds = (own.t_ns - own.t_ns.min()).to_numpy(dtype=float) / 1e9
    return {
        "n": len(times),
        "warmup": int((own.phase == "warmup").sum()),
        "number": (own["index"].to_numpy()[kept] + 1).tolist(),
        "seconds": [round(float(value), 3) for value in seconds[kept]],
        "ms": [float(f"{value:.5g}") for value in times[kept]],
        "quantiles": [float(f"{value:.5g}") for value in np.quantile(measured, QUANTILES)]
        if len(measured)
        else [],
    }

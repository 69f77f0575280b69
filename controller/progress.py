"""Which cell of how many, and the time left, from what was measured so far."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from typing import Any

from controller.files import read_json
from controller.results import Results

LONGEST_MESSAGE = 300
Durations = dict[tuple[str, str], list[float]]
"""Seconds that completed cells took, by (model, mode)."""


def durations_s(results: Results, cells: list[dict[str, Any]]) -> Durations:
    """What those of some cells of the manifest took that have been completed."""
    taken: Durations = {}
    for cell in cells:
        add_duration(taken, results, cell)
    return taken


def add_duration(taken: Durations, results: Results, cell: dict[str, Any]) -> None:
    """Add what one more cell took, if it is completed."""
    path = results.cell_dir(cell["cell_id"]) / "controller.json"
    seconds = _seconds(read_json(path)) if path.is_file() else None
    if seconds is not None:
        taken.setdefault((cell["model"], cell["mode"]), []).append(seconds)


def time_left_s(remaining: list[dict[str, Any]], taken: Durations) -> float | None:
    """Seconds that the remaining cells will take; None before the first is done."""
    every = [seconds for values in taken.values() for seconds in values]
    if not every:
        return None
    typical = median(every)
    return sum(median(taken.get((cell["model"], cell["mode"]), [typical])) for cell in remaining)


def brief(text: str) -> str:
    """A message for one line of the console: without SSH's banners, and cut where it is long."""
    words = " ".join(" ".join(line.strip("@ ") for line in text.splitlines()).split())
    cut = words[:LONGEST_MESSAGE]
    return words if words == cut else f"{cut} … (all of it is in the record)"


def say_duration(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "time left unknown until the first cell is done"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"about {hours} h {minutes:02d} min left"
    return f"about {minutes} min {rest:02d} s left" if minutes else f"about {rest} s left"


def _seconds(record: dict[str, Any]) -> float | None:
    try:
        started = datetime.fromisoformat(record["attempts"][0]["started_utc"])
        return (datetime.fromisoformat(record["fetched_utc"]) - started).total_seconds()
    except (KeyError, IndexError, TypeError, ValueError):
        return None

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tests.e2e.lab import Lab, Ran, Sweep

SWEEP_ID = "interrupted"


def test_a_sweep_killed_at_any_moment_is_finished_by_the_same_command(lab: Lab, quick: Ran) -> None:
    """Killed four times; each time what was complete stays as it was, and in the end nothing was measured twice."""
    sweep = Sweep(lab.results / SWEEP_ID)
    on_board = lab.board_root / "cells" / SWEEP_ID
    done_before = 0
    begun_on_board: dict[str, float] = {}

    def planned() -> bool:
        return (sweep.path / "manifest.json").is_file()

    def measuring() -> bool:
        if len(sweep.cells()) > done_before:
            begun_on_board.update(unfinished(on_board))
        return bool(begun_on_board)

    def between_cells() -> bool:
        return len(sweep.cells()) > done_before

    def reporting() -> bool:
        return (sweep.path / "cells.parquet").is_file()

    moments: list[Callable[[], bool]] = [planned, measuring, between_cells, reporting]
    kept: dict[str, tuple[int, bytes]] = {}
    for moment in moments:
        done_before = len(sweep.cells())
        lab.kill_at(moment, "full_sweep", profile="quick", sweep_id=SWEEP_ID)
        now = sweep.snapshot()
        assert now.items() >= kept.items(), f"a completed cell changed before {moment.__name__}"
        kept = now
    assert len(sweep.cells()) == 8, "all cells were complete when the report was written"

    finished = lab.run("full_sweep", profile="quick", sweep_id=SWEEP_ID)

    assert finished.returncode == 0, finished.stdout
    assert "0 of 8 cells to measure" in finished.stdout
    assert sweep.snapshot() == kept
    assert sweep.verdict["verdict"] == "green"
    assert {record["outcome"] for record in sweep.records().values()} == {"ok"}
    measured_once(sweep)
    for name, spec_written in begun_on_board.items():
        (record,) = (record for cell, record in sweep.records().items() if cell.endswith(f"/{name}"))
        began = datetime.fromisoformat(record["started_utc"]).timestamp()
        assert began <= spec_written + 2, "measured again after the kill"
    assert lab.processes() == {}
    assert [path for path in on_board.rglob("*") if path.is_file()] == []


def unfinished(on_board: Path) -> dict[str, float]:
    """Cells that are being measured on the board, and when each was begun (seconds since the epoch)."""
    found = {}
    for spec in on_board.glob("*/spec.json"):
        with suppress(FileNotFoundError):  # fetched and removed meanwhile
            if not (spec.parent / "cell.json").exists():
                found[spec.parent.name] = spec.stat().st_mtime
    return found


def measured_once(sweep: Sweep) -> None:
    """No runner died over a cell, none was set aside, and no two cells were measured at the same time."""
    spans = []
    for record in sweep.records().values():
        assert record["previous_attempts"] == []
        spans.append((record["clock"][0]["monotonic_ns"], record["clock"][-1]["monotonic_ns"]))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), "two cells at the same time"
    assert not list((sweep.path / "cells").glob("*/.*"))
    attempts = [
        json.loads((path / "controller.json").read_text())["attempts"] for path in sweep.cells().values()
    ]
    assert all(sum(attempt["event"] == "fetched" for attempt in events) == 1 for events in attempts)

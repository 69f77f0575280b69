from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller import progress
from controller.records import controller_record
from controller.results import Results
from tests.unit.controller.controller_factory import an_archive, some_results


def cell(model: str, mode: str) -> dict[str, Any]:
    return {"model": model, "mode": mode}


def test_nothing_is_foretold_before_the_first_cell() -> None:
    assert progress.time_left_s([cell("a", "warm")], {}) is None


def test_cells_of_a_kind_take_what_their_like_took() -> None:
    taken = {("a", "warm"): [10.0, 12.0, 50.0], ("a", "cold"): [2.0]}
    remaining = [cell("a", "warm"), cell("a", "warm"), cell("a", "cold")]
    assert progress.time_left_s(remaining, taken) == 12 + 12 + 2


def test_cells_of_a_kind_not_yet_seen_take_what_is_typical() -> None:
    assert progress.time_left_s([cell("b", "warm")], {("a", "warm"): [10.0], ("a", "cold"): [2.0]}) == 6


def test_nothing_remaining_takes_nothing() -> None:
    assert progress.time_left_s([], {("a", "warm"): [10.0]}) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "time left unknown until the first cell is done"),
        (0, "about 0 s left"),
        (59.4, "about 59 s left"),
        (59.6, "about 1 min 00 s left"),
        (3599, "about 59 min 59 s left"),
        (3600, "about 1 h 00 min left"),
        (90061, "about 25 h 01 min left"),
    ],
)
def test_durations_are_said_for_people(seconds: float | None, words: str) -> None:
    assert progress.say_duration(seconds) == words


def cells_of(results: Results, board: str) -> list[dict[str, Any]]:
    return [entry for entry in results.manifest()["cells"] if entry["board"] == board]


def test_durations_come_from_what_this_board_fetched(tmp_path: Path) -> None:
    results, cells = some_results(tmp_path, boards=("pi", "nano"))
    for cell_id, seconds in zip(cells, (4, 5, 6, 7), strict=True):
        record = controller_record(cell_id, [{"started_utc": "2026-11-21T07:00:00.000Z", "event": "started"}])
        record["fetched_utc"] = f"2026-11-21T07:00:0{seconds}.500Z"
        results.commit(cell_id, an_archive(cell_id), record)
    assert progress.durations_s(results, cells_of(results, "nano")) == {("digits_cnn", "warm"): [4.5, 5.5]}


@pytest.mark.parametrize("attempts", [[], [{}], [{"started_utc": None}], [{"started_utc": "yesterday"}]])
def test_a_record_without_times_says_nothing(tmp_path: Path, attempts: list[dict[str, Any]]) -> None:
    results, (first, _) = some_results(tmp_path)
    results.commit(first, an_archive(first), controller_record(first, attempts))
    assert progress.durations_s(results, cells_of(results, "pi")) == {}


def test_a_message_of_many_lines_becomes_one_for_the_console() -> None:
    banner = "ssh: @@@@@@\n@    WARNING: CHANGED!     @\n@@@@@@\nAdd the   correct host key"
    assert progress.brief(banner) == "ssh: WARNING: CHANGED! Add the correct host key"
    long = progress.brief("x" * 1000)
    assert long.startswith("xxx")
    assert len(long) < 350
    assert long.endswith("(all of it is in the record)")

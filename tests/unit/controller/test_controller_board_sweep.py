from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller.board import Answer
from controller.board_sweep import BoardSweep
from controller.results import Results
from tests.unit.controller.controller_factory import a_setup, a_zoo, some_results
from tests.unit.controller.fake_board import HELD, LOST, FakeBoard


class Lab:
    """Boards that share one sweep, and what they said."""

    def __init__(self, folder: Path, **profile: Any):
        self.results, self.cells = some_results(folder, boards=("pi", "nano"), **profile)
        self.boards = {name: FakeBoard(name) for name in ("pi", "nano")}
        self.said: list[str] = []
        self.kept_alive = 0

    def of(self, board: str) -> list[str]:
        return [cell for cell in self.cells if cell.startswith(f"{board}/")]

    def run(self, board: str, zoo: dict[str, Any] | None = None, **setup: Any) -> dict[str, Any]:
        sweep = BoardSweep(
            self.boards[board],
            a_setup(**setup),
            self.results,
            zoo or a_zoo(),
            self.said.append,
            self._keep_alive,
        )
        return sweep.run()

    def _keep_alive(self) -> None:
        self.kept_alive += 1

    def outcomes(self, board: str) -> list[str | None]:
        records = [self.results.record(cell) for cell in self.of(board)]
        return [record["outcome"] if record else None for record in records]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, repeats=3)


def test_a_board_goes_through_its_own_cells_in_their_order(lab: Lab) -> None:
    assert lab.run("pi") == {"measured": 3, "outcomes": {"ok": 3}, "broken": None}
    assert list(lab.boards["pi"].measured) == lab.of("pi")
    assert lab.outcomes("nano") == [None] * 3
    assert lab.boards["pi"].calls[-1] == "release"
    assert lab.kept_alive == 3


def test_the_console_says_which_cell_of_how_many_and_the_time_left(lab: Lab) -> None:
    lab.run("pi")
    heads = [line for line in lab.said if "repeat" in line]
    assert [line.split("  ")[1] for line in heads] == ["cell 1/3", "cell 2/3", "cell 3/3"]
    assert "unknown" in heads[0]
    assert "left)" in heads[1]


def test_a_broken_board_ends_only_itself(lab: Lab) -> None:
    lab.boards["pi"].has_power_switch = False
    lab.boards["pi"].faults["run"] = [None, LOST]
    lab.boards["pi"].faults["reconnect"] = [LOST]
    broken = lab.run("pi")
    assert broken["measured"] == 1
    assert broken["outcomes"] == {"ok": 1, "board_lost": 1}
    assert "connection closed" in broken["broken"]
    assert lab.outcomes("pi") == ["ok", "board_lost", None]
    assert lab.run("nano")["outcomes"] == {"ok": 3}


def test_a_resume_measures_what_is_outstanding_and_nothing_else(lab: Lab) -> None:
    lab.boards["pi"].faults["run"] = [None, LOST]
    lab.boards["pi"].faults["reconnect"] = [LOST] * 9
    lab.run("pi")
    before = {path: path.stat().st_mtime_ns for path in lab.results.cell_dir(lab.of("pi")[0]).iterdir()}
    lab.boards["pi"].faults.clear()
    assert lab.run("pi") == {"measured": 2, "outcomes": {"ok": 2}, "broken": None}
    assert set(lab.boards["pi"].measured.values()) == {1}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert lab.run("pi") == {"measured": 0, "outcomes": {}, "broken": None}


def test_a_cell_that_fails_does_not_end_the_board(lab: Lab) -> None:
    lab.boards["pi"].faults["run"] = [Answer(1, "", "no space left"), None, None]
    assert lab.run("pi")["outcomes"] == {"infrastructure": 1, "ok": 2}


def test_a_held_board_leaves_the_sweep_and_its_cells_without_a_record(lab: Lab) -> None:
    lab.boards["pi"].faults["run"] = [HELD]
    summary = lab.run("pi")
    assert "ada@lab2" in summary["broken"]
    assert summary["outcomes"] == {}
    assert lab.outcomes("pi") == [None] * 3
    assert lab.boards["pi"].count("run") == 1
    assert any("ada@lab2" in line for line in lab.said)


def test_a_cell_without_an_artifact_is_unsupported_and_the_board_is_not_asked(lab: Lab) -> None:
    summary = lab.run("pi", zoo={"artifacts": [], "datasets": []})
    assert summary["outcomes"] == {"unsupported": 3}
    assert "no artifact" in (lab.results.record(lab.of("pi")[0]) or {})["outcome_detail"]
    assert lab.boards["pi"].count("run") == 0


def test_a_cell_whose_environment_is_missing_says_so(lab: Lab) -> None:
    assert lab.run("pi", environments={})["outcomes"] == {"backend_unavailable": 3}
    assert "onnxruntime" in (lab.results.record(lab.of("pi")[0]) or {})["outcome_detail"]


def test_a_board_that_vanishes_after_its_last_cell_has_done_its_part(lab: Lab) -> None:
    lab.boards["pi"].faults["release"] = [LOST]
    assert lab.run("pi")["broken"] is None


def test_what_a_controller_left_that_was_killed_after_its_last_cell_goes_from_the_board(lab: Lab) -> None:
    board = lab.boards["pi"]
    board.faults["release"] = [LOST]  # killed before: its last cell is safe here, and still there
    lab.run("pi")
    assert board.stored, "nothing was left, so that nothing is shown"
    lab.run("pi")
    assert board.stored == {}
    assert set(board.measured.values()) == {1}


def test_results_stay_on_one_board_each(lab: Lab) -> None:
    lab.run("pi")
    lab.run("nano")
    assert isinstance(lab.results, Results)
    assert lab.results.outstanding() == []
    assert {path.name for path in (lab.results.path / "cells").iterdir()} == {"pi", "nano"}


def test_an_index_of_the_zoo_that_is_not_whole_is_no_fault_of_the_board(lab: Lab) -> None:
    zoo = a_zoo()
    del zoo["artifacts"][0]["check"]
    assert lab.run("pi", zoo)["outcomes"] == {"infrastructure": 3}
    assert "lacks 'check'" in str((lab.results.record(lab.of("pi")[0]) or {})["outcome_detail"])
    zoo = {**a_zoo(), "datasets": []}
    assert lab.run("nano", zoo)["outcomes"] == {"infrastructure": 3}

from __future__ import annotations

import pytest

from controller.link import BoardBrokenError, Link
from tests.unit.controller.fake_board import LOST, FakeBoard


def quiet(event: str) -> None:
    """Keep no note."""


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


@pytest.fixture
def link(board: FakeBoard) -> Link:
    board.stored = {"/cells/kept.r1": b"", "/cells/begun.r1": b""}
    return Link(board, reconnect_s=5.0, folder="/cells", kept={"kept.r1", "gone.r1"})


def test_a_board_is_asked_once_what_stands_on_it(link: Link, board: FakeBoard) -> None:
    assert link.begun(quiet) == link.begun(quiet) == {"begun.r1"}
    assert board.count("look") == 1


def test_what_is_kept_here_already_goes_from_the_board(link: Link) -> None:
    link.begun(quiet)
    assert link.cleaning() == "rm -rf /cells/kept.r1 /cells/kept.r1.json; "
    link.cleaned()
    assert link.cleaning() == ""


def test_a_spec_whose_cell_is_gone_already_goes_too(link: Link, board: FakeBoard) -> None:
    board.stored = {"/cells/kept.r1.json": b""}
    link.begun(quiet)
    assert link.cleaning() == "rm -rf /cells/kept.r1 /cells/kept.r1.json; "


def test_the_folder_of_the_sweep_goes_last(link: Link) -> None:
    assert link.cleaning(last=True) == "rmdir /cells 2>/dev/null; "
    assert link.cleaning() == ""


def test_a_board_has_one_power_cycle_in_a_sweep(link: Link, board: FakeBoard) -> None:
    board.faults["reconnect"] = [LOST, None, LOST]
    events: list[str] = []
    link.recover("no answer", events.append)
    assert events == ["power cycled", "reconnected"]
    with pytest.raises(BoardBrokenError, match="one power cycle of this sweep is used up"):
        link.recover("no answer", events.append)
    assert board.count("power_cycle") == 1

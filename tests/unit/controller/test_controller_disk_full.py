"""The controller's disk fills up in the middle of a sweep."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from controller.board_sweep import BoardSweep
from controller.results import Results
from tests.unit.controller.controller_factory import a_setup, a_zoo, some_results
from tests.unit.controller.fake_board import FakeBoard


def test_a_cell_that_cannot_be_kept_waits_on_its_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, cells = some_results(tmp_path, repeats=3)
    board, said = FakeBoard(), list[str]()
    sweep = BoardSweep(board, a_setup(), results, a_zoo(), said.append, lambda: None)
    finish, kept = Results._finish, list[str]()

    def fail_after_the_first(self: Results, cell_id: str, *others: Any) -> None:
        if kept:
            raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path))
        finish(self, cell_id, *others)
        kept.append(cell_id)

    with monkeypatch.context() as patch:
        patch.setattr(Results, "_finish", fail_after_the_first)
        summary = sweep.run()
    assert summary["measured"] == 1
    assert f"cannot write to {results.path}: " in summary["broken"]
    assert "No space left on device" in summary["broken"]
    assert any("out of this sweep" in line and "No space left" in line for line in said)
    assert sweep.run() == {"measured": 2, "outcomes": {"ok": 2}, "broken": None}
    assert board.measured == dict.fromkeys(cells, 1)

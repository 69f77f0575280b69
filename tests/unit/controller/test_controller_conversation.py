"""With real processes: what is timed is a pipe."""

from __future__ import annotations

import sys

import pytest

from controller import conversation
from controller.conversation import converse

CLOCK = [sys.executable, "-m", "edgebench_runner", "clock"]


def test_each_answer_lies_between_its_readings() -> None:
    turns = converse(CLOCK, 3)
    assert len(turns) == 3
    for turn in turns:
        assert turn.sent_ns <= int(turn.answer) <= turn.received_ns
    assert turns[0].received_ns <= turns[1].sent_ns


def test_a_process_that_ends_early_gives_the_turns_it_took() -> None:
    two_answers = ["sh", "-c", "read x; echo 1; read x; echo 2"]
    assert [turn.answer for turn in converse(two_answers, 3)] == ["2"]


def test_a_process_that_never_answers_gives_none() -> None:
    assert converse(["false"], 3) == []


def test_an_answer_that_comes_late_is_not_taken_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PATIENCE_S", 1.0)
    third_is_late = "for n in 1 2 3 4 5; do read x; [ $n = 3 ] && sleep 1.5; echo $n; done"
    assert [turn.answer for turn in converse(["sh", "-c", third_is_late], 4)] == ["2"]

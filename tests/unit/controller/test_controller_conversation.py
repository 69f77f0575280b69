"""With real processes: what is timed is a pipe."""

from __future__ import annotations

import sys

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

"""Classification of how a worker ended, where a real process is not needed to show it."""

import pytest

from edgebench_runner import memory_kills, outcome, progress
from edgebench_runner.errors import FellBackError


def said(*phases, open_phase=None, **last):
    events = [{"event": "phase", "name": name, "start_ns": 1, "end_ns": 2} for name in phases]
    if open_phase:
        events.append({"event": "phase_started", "name": open_phase, "t_ns": 3})
    return events + ([last] if last else [])


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc", "out_of_memory"),
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes", "out_of_memory"),
        ("CUDA out of memory. Tried to allocate 20.00 MiB", "out_of_memory"),
        ("Failed to allocate memory for requested buffer of size 400000000", "out_of_memory"),
        ("[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation", "unsupported"),
        ("Unsupported model IR version: 99, max supported IR version: 10", "unsupported"),
        ("Fatal error: com.example:Foo(-1) is not a registered function/op", "unsupported"),
        ("Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'.", "unsupported"),
        ("something else went wrong", "crashed"),
    ],
)
def test_messages_of_the_runtimes(message, expected):
    assert outcome.of_exception(RuntimeError(message))[0] == expected


def test_named_failures_keep_their_outcome():
    assert outcome.of_exception(FellBackError("ran on the CPU")) == ("fell_back", "ran on the CPU")


@pytest.mark.parametrize(
    ("phase", "expected"),
    [("import", "backend_unavailable"), ("load", "load_failed"), ("measured", "crashed")],
)
def test_unknown_exception_has_the_meaning_of_its_phase(phase, expected):
    events = said(open_phase=phase, event="failed", outcome="crashed", detail="RuntimeError: boom")
    assert outcome.decide(outcome.WorkerEnd(1), events, "") == (expected, "RuntimeError: boom")


def test_clean_exit_without_the_last_word_is_no_success():
    assert outcome.decide(outcome.WorkerEnd(0), said("import"), "")[0] == "crashed"
    assert outcome.decide(outcome.WorkerEnd(0), said("import", event="done"), "") == ("ok", "")


def test_deadline_goes_before_everything_a_dying_worker_says():
    end = outcome.WorkerEnd(-9)
    end.timed_out = True
    events = said(open_phase="measured", event="failed", outcome="crashed", detail="interrupted")
    assert outcome.decide(end, events, "std::bad_alloc")[0] == "timeout"


def test_signal_without_a_name():
    assert outcome.signal_name(42) == "signal 42"


KILLED = "6,1,2,-;Out of memory: Killed process 77 (python) total-vm:1kB"


@pytest.mark.parametrize(
    ("before", "after", "lines", "found"),
    [
        ({}, {}, [KILLED], True),
        ({}, {}, [KILLED.replace("77", "78")], False),
        ({"cgroup": 1}, {"cgroup": 2}, None, True),
        ({"cgroup": 1}, {"cgroup": 1, "machine": 9}, None, False),
        ({"machine": 1}, {"machine": 2}, None, True),
        ({"machine": 1}, {"machine": 2}, [], False),
        ({}, {}, None, False),
    ],
)
def test_what_convicts_the_kernel(before, after, lines, found):
    assert (memory_kills.evidence(77, before, after, lines) is not None) == found


def test_phases_of_a_worker_that_died_in_one(tmp_path):
    report = progress.Progress(str(tmp_path))
    with report.phase("import"):
        pass
    report.say("phase_started", name="load")
    (tmp_path / "progress.jsonl").open("a").write('{"torn')
    events = progress.read(str(tmp_path))
    assert [(p["name"], p["end_ns"] is None) for p in progress.phases(events)] == [
        ("import", False),
        ("load", True),
    ]
    assert progress.phase_of_death(events) == "load"
    assert progress.phase_of_death(events[:2]) == "after import"
    assert progress.phase_of_death([]) == "start"

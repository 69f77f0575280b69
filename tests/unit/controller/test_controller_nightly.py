"""The nightly sweep is alone, and judged by its records."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from controller import nightly
from tests.unit.analysis.analysis_factory import Lab

HOLD = """
import fcntl, sys, time
stream = open(sys.argv[1], "a")
fcntl.flock(stream, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_a_night_whose_last_sweep_still_runs_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert nightly.run(argparse.Namespace(data=tmp_path)) == nightly.BUSY
        assert "still running" in capsys.readouterr().err
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_sweep_does_not_hold_the_next_night(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    with nightly.only_one(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("verdict", ["green", "red"])
def test_the_records_judge_a_night(tmp_path: Path, verdict: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "verdict.json").write_text(json.dumps({"verdict": verdict}))
    assert nightly.verdict_of(tmp_path) == verdict


def test_a_night_without_a_report_has_no_verdict(tmp_path: Path) -> None:
    assert nightly.verdict_of(tmp_path) is None


def test_the_plan_says_where_the_results_of_a_night_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "disk" / "night-1"

    def play(**told: Any) -> argparse.Namespace:
        if told["playbook"] == "playbooks/full_sweep.yml":
            said = {"task_action": "edgebench_preflight", "res": {"directory": str(results)}}
            assert told["event_handler"]({"event": "runner_on_start", "event_data": said | {"res": {}}})
            assert told["event_handler"]({"event": "runner_on_ok", "event_data": said})
            assert told["event_handler"]({"event": "verbose"})
            results.mkdir(parents=True)
            (results / "manifest.json").write_text("{}")
            return argparse.Namespace(status="timeout")
        (results / "report").mkdir()
        (results / "report" / "verdict.json").write_text('{"verdict": "green"}')
        return argparse.Namespace(status="successful")

    kept: list[Path] = []
    monkeypatch.setattr("ansible_runner.run", play)
    monkeypatch.setattr(nightly, "keep", lambda directory, lake: kept.append(directory))
    commands = argparse.ArgumentParser()
    nightly.add_command(commands.add_subparsers())
    assert nightly.run(commands.parse_args(["nightly", f"--data={tmp_path}"])) == 1, "its deadline came"
    assert kept == [results]


def test_a_night_goes_into_the_lake_and_what_fails_is_only_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Lab(tmp_path / "results", models=("digits_cnn",), backends=("onnxruntime",), repeats=1).write()
    lake = tmp_path / "lake"
    nightly.keep(results, lake)
    assert "digits_cnn" in (lake / "history.html").read_text()
    assert "failed" not in capsys.readouterr().out
    monkeypatch.setattr(nightly, "KEEP_DEADLINE_S", 0.01)
    nightly.keep(results, lake)
    said = capsys.readouterr().out
    assert all(f"nightly: {verb} failed: " in said for verb in ("archive", "history", "compact"))

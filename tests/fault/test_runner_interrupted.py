"""Callers and runners that are killed: nothing is measured twice, nothing measured is lost."""

import json
import os
import signal

import psutil
import pytest
import runner_process
from runner_factory import null_spec, write_spec

pytestmark = pytest.mark.fault


@pytest.fixture
def slow_spec(tmp_path):
    """A cell of about three seconds."""
    spec = null_spec(options={"sleep_s": 0.03})
    spec["protocol"] = {"warmup": 0, "inferences": 100, "deadline_s": 60}
    return write_spec(tmp_path, spec)


def finish(process) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=runner_process.PATIENCE_S)
    return process.returncode, output, errors


def test_detached_cell_outlives_its_caller_and_is_attached_to(tmp_path, slow_spec):
    out = tmp_path / "out"
    caller = runner_process.start(slow_spec, out, "--detach", "--launcher", "setsid", start_new_session=True)
    runner_process.wait_until_measuring(out)
    worker = runner_process.worker_of(out)
    os.killpg(caller.pid, signal.SIGKILL)
    caller.communicate()
    again = runner_process.start(slow_spec, out, "--detach", "--launcher", "setsid")
    code, output, errors = finish(again)
    assert code == 0, errors
    assert json.loads(output)["n_completed"] == 100
    assert runner_process.record(out)["previous_attempts"] == []
    assert not worker.is_running()


def test_two_callers_measure_once(tmp_path, slow_spec):
    out = tmp_path / "out"
    first = runner_process.start(slow_spec, out, "--detach", "--launcher", "setsid")
    runner_process.wait_until_measuring(out)
    second = runner_process.start(slow_spec, out)
    assert finish(first)[:2] == finish(second)[:2]
    started = [line for line in (out / "progress.jsonl").read_text().splitlines() if '"imported"' in line]
    assert len(started) == 1


def test_complete_cell_is_only_reported(tmp_path):
    spec, out = write_spec(tmp_path, null_spec()), tmp_path / "out"
    runner_process.run(spec, out)
    before = (out / "cell.json").stat()
    runner_process.run(spec, out, "--detach")
    assert (out / "cell.json").stat().st_mtime_ns == before.st_mtime_ns


def test_another_spec_in_the_same_directory_is_refused(tmp_path):
    out = tmp_path / "out"
    runner_process.run(write_spec(tmp_path, null_spec()), out)
    other = write_spec(tmp_path, null_spec(options={"sleep_s": 0.001}))
    code, _, errors = finish(runner_process.start(other, out))
    assert code == 2
    assert "holds another cell spec" in errors
    assert "Traceback" not in errors


def test_killed_runner_takes_its_worker_along_and_its_rows_are_kept(tmp_path, slow_spec):
    out = tmp_path / "out"
    caller = runner_process.start(slow_spec, out, "--detach", "--launcher", "setsid")
    runner_process.wait_until_measuring(out)
    worker = runner_process.worker_of(out)
    worker.parent().send_signal(signal.SIGKILL)
    code, _, errors = finish(caller)
    assert code == 1
    assert "the runner died before it wrote cell.json" in errors
    psutil.wait_procs([worker], timeout=runner_process.PATIENCE_S)
    assert not worker.is_running()

    record = runner_process.run(slow_spec, out, "--detach", "--launcher", "setsid")
    assert record["outcome"] == "ok"
    assert record["n_completed"] == 100
    (attempt,) = record["previous_attempts"]
    assert attempt["directory"] == "attempt-1"
    assert attempt["phase"] == "measured"
    assert 0 <= attempt["n_rows"] < 100
    assert "attempt-1/inferences.bin" in record["files"]


def test_runner_that_died_twice_is_not_started_a_third_time(tmp_path, slow_spec):
    out = tmp_path / "out"
    for _ in range(2):
        runner = runner_process.start(slow_spec, out)
        runner_process.wait_until_measuring(out)
        runner.kill()
        runner.communicate()
        (out / "progress.jsonl").rename(out / "progress.txt")  # so that the next wait is for the next worker
    code, _, errors = finish(runner_process.start(slow_spec, out))
    assert code == 1
    assert "died 2 times" in errors
    assert (out / "attempt-1").is_dir()
    assert (out / "attempt-2").is_dir()

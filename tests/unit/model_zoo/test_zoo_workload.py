"""Which jobs of a build run beside one another, and what is said of the rest."""

from pathlib import Path

import pytest

from model_zoo import catalogue, workload
from model_zoo.target import Target
from model_zoo.worker import Job

GB = 1_000_000_000
MODELS = catalogue.load()


def job(name: str, *formats: str, changed: str | None = None) -> Job:
    targets = tuple(Target(MODELS[name], "fp32", "fp32", written, 17) for written in formats or ("onnx",))
    return Job(MODELS[name], changed, targets, "seeded", Path("store"))


def names(jobs: list[Job]) -> list[str]:
    return [job.model.name for job in jobs]


def test_two_large_models_do_not_run_side_by_side_where_memory_is_short() -> None:
    waiting = [job("vgg16"), job("resnext101_32x8d"), job("mobilenet_v2")]
    assert names(workload.admitted(waiting, [], 2, 6 * GB)) == ["vgg16", "mobilenet_v2"]
    assert names(workload.admitted(waiting, [], 2, 16 * GB)) == ["vgg16", "resnext101_32x8d"]


def test_one_job_always_runs_and_never_more_than_there_are_workers() -> None:
    waiting = [job("vgg16"), job("mobilenet_v2"), job("mobilenet_v3_small")]
    assert names(workload.admitted(waiting, [], 2, 0)) == ["vgg16"]
    assert workload.admitted(waiting, [job("alexnet")], 2, 0) == []
    assert workload.admitted(waiting, [job("alexnet")] * 2, 2, 99 * GB) == []


def test_the_limit_of_a_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(workload, "_CGROUP_LIMIT", limit)
    limit.write_text("max\n")
    assert workload.available_bytes() > 1 << 20
    limit.write_text("1048576\n")
    assert workload.available_bytes() == 1 << 20


def test_the_process_of_a_converter_counts() -> None:
    waiting = [job("vgg16", "tflite"), job("resnext101_32x8d", "onnx")]
    assert names(workload.admitted(waiting, [], 2, 9 * GB)) == ["vgg16"]
    assert names(workload.admitted(waiting, [], 2, 16 * GB)) == ["vgg16", "resnext101_32x8d"]


def test_more_files_are_more_work() -> None:
    assert workload.work(job("alexnet", "onnx", "tflite")) == 2 * workload.work(job("alexnet"))
    assert workload.work(job("vgg16")) > workload.work(job("mobilenet_v2"))


def test_progress_counts_jobs_and_says_which_failed() -> None:
    vgg, pruned = job("vgg16"), job("digits_cnn", changed="pruned_50")
    progress = workload.Progress([vgg, pruned])
    assert progress.line(vgg, failed=True).startswith("[1/2] vgg16 FAILED, ")
    last = progress.line(pruned, failed=False)
    assert last.startswith("[2/2] digits_cnn pruned_50, ")
    assert last.endswith("about 0 s left")

"""Which jobs of a build run beside one another, and what is said of the rest."""

from pathlib import Path

import pytest

from model_zoo import catalogue, workload
from model_zoo.worker import Job

GB = 1_000_000_000
MODELS = catalogue.load()


def job(name: str) -> Job:
    return Job(MODELS[name], "fp32", "fp32", (("onnx", 17),), "seeded", Path("store"))


def names(jobs: list[Job]) -> list[str]:
    return [job.model.name for job in jobs]


def test_two_large_models_do_not_run_side_by_side_where_memory_is_short() -> None:
    waiting = [job("vgg16"), job("resnext101_32x8d"), job("mobilenet_v2")]
    assert names(workload.admitted(waiting, [], 2, 6 * GB)) == ["vgg16", "mobilenet_v2"]
    assert names(workload.admitted(waiting, [], 2, 16 * GB)) == ["vgg16", "resnext101_32x8d"]


def test_one_job_always_runs_and_never_more_than_there_are_workers() -> None:
    waiting = [job("vgg16"), job("mobilenet_v2"), job("mobilenet_v3_small")]
    assert names(workload.admitted(waiting, [], 2, 0)) == ["vgg16"]
    assert workload.admitted(waiting, [MODELS["alexnet"]], 2, 0) == []
    assert workload.admitted(waiting, [MODELS["alexnet"]] * 2, 2, 99 * GB) == []


def test_the_limit_of_a_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(workload, "_CGROUP_LIMIT", limit)
    limit.write_text("max\n")
    assert workload.available_bytes() > 1 << 20
    limit.write_text("1048576\n")
    assert workload.available_bytes() == 1 << 20


def test_progress_counts_jobs_and_says_which_failed() -> None:
    progress = workload.Progress([MODELS["vgg16"], MODELS["alexnet"]])
    assert progress.line(MODELS["vgg16"], "fp32", failed=True).startswith("[1/2] vgg16 fp32 FAILED, ")
    assert progress.line(MODELS["alexnet"], "fp32", failed=False).endswith("about 0 s left")

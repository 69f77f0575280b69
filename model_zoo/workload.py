"""How much a job needs and how long a build takes: which jobs fit beside one another, and what is left."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model_zoo import plugins

if TYPE_CHECKING:
    from model_zoo.worker import Job

_RUNTIMES_BYTES = 900_000_000
"""Torch and ONNX Runtime, imported."""
_BYTES_PER_PARAMETER, _BYTES_PER_PIXEL = 24, 1000
"""Four bytes a parameter in the network, the exporter's graph, the file and the session that verifies it; of each pixel
the activations of a batch of eight, with which normalisation is calibrated."""
_CONVERTER_BYTES, _CONVERTER_BYTES_PER_PARAMETER = 1_200_000_000, 24
"""The process of a converter's environment beside it: TensorFlow, and copies of the network."""
_UNKNOWN_PARAMETERS = 100_000_000
_SHARE = 0.8
"""Of the available memory; the rest is left to the system's cache."""
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_bytes(job: "Job") -> int:
    """Return about how much memory a worker takes at most while it makes the artifacts of a job."""
    parameters = _UNKNOWN_PARAMETERS if job.model.parameters is None else job.model.parameters
    _, _, height, width = job.model.input_shape
    needed = _RUNTIMES_BYTES + _BYTES_PER_PARAMETER * parameters + _BYTES_PER_PIXEL * height * width
    if any(hasattr(plugins.load("exporters", target.format), "ENVIRONMENT") for target in job.targets):
        needed += _CONVERTER_BYTES + _CONVERTER_BYTES_PER_PARAMETER * parameters
    return needed


def available_bytes() -> int:
    """Return the memory that can be taken now, by the kernel's reckoning and the limit of this control group."""
    pages = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            pages = int(line.split()[1]) * 1024
    limit = _CGROUP_LIMIT.read_text().strip() if _CGROUP_LIMIT.is_file() else "max"
    return pages if limit == "max" else min(pages, int(limit))


def admitted(
    waiting: "Sequence[Job]", running: "Sequence[Job]", workers: int, budget_bytes: int
) -> "list[Job]":
    """Return the jobs, in their order, that can be started beside those that run; one always can where none does.

    Args:
        budget_bytes: what all of them may take together.
    """
    chosen: list[Job] = []
    taken = sum(map(memory_bytes, running))
    for job in waiting:
        if len(running) + len(chosen) >= workers:
            break
        needed = memory_bytes(job)
        if taken + needed <= budget_bytes or not (running or chosen):
            chosen.append(job)
            taken += needed
    return chosen


def budget_bytes() -> int:
    """Return what the workers of a build that starts now may take together."""
    return int(available_bytes() * _SHARE)


class Progress:
    """Says after each job how many are done and about how long the rest takes."""

    def __init__(self, jobs: "Sequence[Job]") -> None:
        self._total, self._done = len(jobs), 0
        self._work, self._worked = sum(map(work, jobs)), 0.0
        self._start_s = time.monotonic()

    def line(self, job: "Job", failed: bool) -> str:
        """Count one job as done and return a line about it."""
        self._done += 1
        self._worked += work(job)
        gone_s = time.monotonic() - self._start_s
        left_s = gone_s * (self._work - self._worked) / self._worked
        head = f"[{self._done}/{self._total}] {job.name}{' FAILED' if failed else ''}"
        return f"{head}, {_duration(gone_s)} gone, about {_duration(left_s)} left"


def work(job: "Job") -> float:
    """Return for each artifact an inference's multiply-accumulates in units of 1e9, plus what it costs at least."""
    model = job.model
    return len(job.targets) * (5 + (model.macs or 0) / 1e9 + (model.parameters or 0) / 1e7)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

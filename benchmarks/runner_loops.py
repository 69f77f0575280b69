"""The runner's loop against a bare loop over the same session, and with telemetry on against off."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgebench_runner import loop, records
from edgebench_runner.backends.onnxruntime import Backend
from edgebench_runner.tasks.classification import Task

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_FOR_EVER = """
import time
from edgebench_runner.telemetry import Board, Sampler
sampler = Sampler(Board(), {interval_s})
print("sampling", flush=True)
time.sleep(86400)
"""


class Subject:
    """One loaded artifact, run by either loop.

    Args:
        store: directory of the zoo.
        model: name of the model; its fp32 ONNX artifact is used.
        threads: threads of the session, the same for both loops.
        block: inferences per call of a loop.
    """

    def __init__(self, store: Path, model: str, threads: int, block: int) -> None:
        artifact = find_artifact(store, model)
        self.backend = Backend({"threads": threads})
        self.backend.import_runtime()
        self.backend.load(artifact)
        self.task = Task(artifact)
        height, width = artifact["preprocess"]["size"]
        channels = len(artifact["preprocess"]["mean"])
        image = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
        self.items = [(0, image)] * block
        self._directory = tempfile.TemporaryDirectory()
        self._records = records.Records(self._directory.name, block)

    def runner_loop_ns(self) -> np.ndarray:
        """Return the inference times of one block, measured by the runner's loop."""
        kept, task = self._records, self.task
        loop.measure(
            self.items, task.prepare, self.backend.infer, task.finish, kept.times, 0, kept.keep_answer
        )
        times = np.frombuffer(kept.times, "<i8").reshape(-1, 4)
        return times[:, 2] - times[:, 1]

    def bare_loop_ns(self) -> np.ndarray:
        """Return the inference times of one block, measured as a user's script would."""
        session, task, times = self.backend._session, self.task, []
        name, outputs = session.get_inputs()[0].name, [session.get_outputs()[0].name]
        for _, image in self.items:
            tensor = task.prepare(image)
            start = time.perf_counter_ns()
            result = session.run(outputs, {name: tensor})
            times.append(time.perf_counter_ns() - start)
            task.finish(result[0])
        return np.array(times)


def find_artifact(store: Path, model: str) -> dict[str, Any]:
    """Return the fp32 ONNX artifact of a model, built first where the store lacks it."""
    command = [sys.executable, "-m", "model_zoo", "build", "--models", model, "--variants", "fp32"]
    subprocess.run([*command, "--formats", "onnx", "--store", str(store)], cwd=REPOSITORY, check=True)
    index = json.loads((store / "index.json").read_text())
    wanted = (model, "fp32", "onnx")
    found = next(a for a in index["artifacts"] if (a["model"], a["variant"], a["format"]) == wanted)
    return {**found, "path": str(store / "artifacts" / found["sha256"] / found["file"])}


def interleaved(a: Callable[[], np.ndarray], b: Callable[[], np.ndarray], rounds: int) -> tuple[float, float]:
    """Run A B B A ``rounds`` times and return the medians of all of A and of all of B."""
    a(), b()  # so that neither meets a cold cache
    found: dict[Callable, list[np.ndarray]] = {a: [], b: []}
    for _ in range(rounds):
        for act in (a, b, b, a):
            found[act].append(act())
    return float(np.median(np.concatenate(found[a]))), float(np.median(np.concatenate(found[b])))


@contextlib.contextmanager
def telemetry_switch(interval_s: float) -> Iterator[Callable[[bool], None]]:
    """Sample this machine from a process of its own, as the runner's parent does; yields its switch."""
    script = SAMPLE_FOR_EVER.format(interval_s=interval_s)
    sampler = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE)
    sampler.stdout.readline()  # type: ignore[union-attr]
    try:
        yield lambda on: os.kill(sampler.pid, signal.SIGCONT if on else signal.SIGSTOP)
    finally:
        sampler.kill()
        sampler.communicate()

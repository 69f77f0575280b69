"""The runner's loop against a bare loop over the same session, and with telemetry on against off."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import runner_bare

from edgebench_runner import loop, plugins, records
from edgebench_runner.tasks.classification import Task

REFERENCE = {"armnn": {"device": "cpu_reference"}} if platform.machine() == "x86_64" else {}
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
        name: the backend.
        artifact: an artifact as a cell spec describes it.
        options: of the backend, the same for both loops; those it does not know are left out.
        block: inferences per call of a loop.
    """

    def __init__(self, name: str, artifact: dict[str, Any], options: dict[str, Any], block: int) -> None:
        known = plugins.load("backends", name).Backend.options
        asked = {key: value for key, value in options.items() if key in known}
        backend = plugins.load("backends", name).Backend({**asked, **REFERENCE.get(name, {})})
        backend.import_runtime()
        for _, act in backend.steps(artifact):
            act(artifact)
        self._infer, self._bare_infer = backend.stream(0), getattr(runner_bare, name)(backend)
        task = Task(artifact)
        channels = len(artifact["preprocess"]["mean"])
        shape = (*artifact["preprocess"]["size"], channels)
        image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        self._block = block
        # By whether pre-processing comes before each inference and post-processing after it.
        self._stages: dict[bool, tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]] = {
            True: (image, task.prepare, task.finish),
            False: (task.prepare(image), lambda tensor: tensor, lambda output: None),
        }
        self._directory = tempfile.TemporaryDirectory()
        self._records = records.Records(self._directory.name, block)

    def runner_loop_ns(self, stages: bool = True) -> np.ndarray:
        """Return the inference times of one block, measured by the runner's loop.

        Args:
            stages: with pre- and post-processing; else every inference is given the same array, and nothing comes
                between two of them, as the vendors' tools have it.
        """
        kept, (item, prepare, finish) = self._records, self._stages[stages]
        items = [(0, item)] * self._block
        loop.measure(items, prepare, self._infer, finish, kept.times, 0, kept.keep_answer)
        times = np.frombuffer(kept.times, "<i8").reshape(-1, 4)
        return times[:, 2] - times[:, 1]

    def bare_loop_ns(self) -> np.ndarray:
        """Return the inference times of one block, measured as a user's script would."""
        infer, (image, prepare, finish), times = self._bare_infer, self._stages[True], []
        for _ in range(self._block):
            tensor = prepare(image)
            start = time.perf_counter_ns()
            result = infer(tensor)
            times.append(time.perf_counter_ns() - start)
            finish(result)
        return np.array(times)


def find_artifact(store: Path, model: str, kind: str) -> dict[str, Any]:
    """Return the fp32 artifact of a model in a format, built first where the store lacks it."""
    command = [sys.executable, "-m", "model_zoo", "build", "--models", model, "--variants", "fp32"]
    subprocess.run([*command, "--formats", kind, "--store", str(store)], cwd=REPOSITORY, check=True)
    return stored_artifact(store, model, kind)


def stored_artifact(store: Path, model: str, kind: str) -> dict[str, Any]:
    """Return the fp32 artifact of a model in a format from the store."""
    index = json.loads((store / "index.json").read_text())
    wanted = (model, "fp32", kind)
    found = next(a for a in index["artifacts"] if (a["model"], a["variant"], a["format"]) == wanted)
    return {**found, "path": str(store / "artifacts" / found["directory"] / found["file"])}


def interleaved(a: Callable[[], np.ndarray], b: Callable[[], np.ndarray], count: int) -> tuple[float, float]:
    """Run A B B A ``count`` times and return the medians over the rounds of A and of B."""
    found = np.median(rounds(a, b, count), axis=0)
    return float(found[0]), float(found[1])


def rounds(a: Callable[[], np.ndarray], b: Callable[[], np.ndarray], count: int) -> np.ndarray:
    """Run A B B A ``count`` times and return, for each time, the medians of A and of B: (count, 2)."""
    a(), b()  # so that neither meets a cold cache
    found = []
    for _ in range(count):
        turns = [act() for act in (a, b, b, a)]
        found.append([np.median([turns[0], turns[3]]), np.median([turns[1], turns[2]])])
    return np.array(found)


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

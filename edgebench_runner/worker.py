"""The worker: loads one artifact in one backend and measures it. Runs under the environment's Python."""

import ctypes
import gc
import os
import shutil
import signal
import sys
import traceback
from typing import Any, Callable, List, Tuple

from edgebench_runner import affinity, outcome, plugins, progress, threads
from edgebench_runner.answer_check import check_answers, describe_failure
from edgebench_runner.atomic import read_json
from edgebench_runner.clock import now_ns
from edgebench_runner.errors import UnsupportedError, WrongAnswerError
from edgebench_runner.loop import FOREVER_NS
from edgebench_runner.records import TIME_ROW, Records
from edgebench_runner.streams import Stages, measure_streams

_PR_SET_PDEATHSIG = 1
ITEMS = "items"
"""Where images lie that are read within the measured window, in the directory of the cell while it runs."""


class Worker(object):
    """One cell, from import to the last inference."""

    def __init__(self, directory: str) -> None:
        self.spec = read_json(os.path.join(directory, "spec.json"))
        self.directory = directory
        self.progress = progress.Progress(directory)
        self.from_files = self.spec["protocol"].get("from_files", False)

    def run(self) -> None:
        """Go through the phases of the cell."""
        self.progress.say("affinity", cpus=affinity.keep_to_measured_cpus())
        protocol = self.spec["protocol"]
        warmup, rows = protocol["warmup"], protocol["warmup"] + protocol["inferences"]
        records = Records(self.directory, rows)
        backend = self._loaded_backend()
        if backend.times_itself:
            self._run_tool(backend, records, warmup, rows)
        else:
            self._run_loop(backend, records, warmup, rows)
        backend.close()
        shutil.rmtree(os.path.join(self.directory, ITEMS), ignore_errors=True)
        self.progress.say("done")

    def _run_loop(self, backend: Any, records: Records, warmup: int, rows: int) -> None:
        items = self._items(rows)
        count = self.spec["options"].get("streams", 1)
        streams = self._streams([backend.stream(index) for index in range(count)], items, records)
        _quiet_collector()
        if warmup:
            with self.progress.phase("first"):
                measure_streams(streams[:1], items[:1], records, 0, FOREVER_NS)
            self._verify(backend, streams[0].infer)
            with self.progress.phase("warmup"):
                measure_streams(streams, items[1:warmup], records, 1, FOREVER_NS)
        before = threads.cpu_ns()
        with self.progress.phase("measured"):
            ended = measure_streams(streams, items[warmup:], records, warmup, self._stop_ns())
        self.progress.say("threads", busy=threads.busy(before, dict(threads.cpu_ns(), **ended)))
        if not warmup:
            self._verify(backend, streams[0].infer)
        if backend.settings.get("profile"):
            tensor = streams[0].prepare(items[0][1])
            self.progress.say("placed", placement=backend.profile(tensor))

    def _run_tool(self, backend: Any, records: Records, warmup: int, rows: int) -> None:
        """Let a tool run and time all rows in one go; its phases are known afterwards."""
        self.progress.say("inputs", source="random", resident=True)
        if warmup:
            self._verify(backend, backend.infer)
        times = backend.run(rows)
        for row, readings in enumerate(times):
            TIME_ROW.pack_into(records.times, row * TIME_ROW.size, *readings)
        for name, first, last in (
            ("first", 0, min(1, warmup)),
            ("warmup", 1, warmup),
            ("measured", warmup, rows),
        ):
            if first < last:
                start_ns, end_ns = times[first][0], times[last - 1][-1]
                self.progress.say("phase", name=name, start_ns=start_ns, end_ns=end_ns)
        if not warmup:
            self._verify(backend, backend.infer)

    def _stop_ns(self) -> int:
        duration_s = self.spec["protocol"]["duration_s"]
        return now_ns() + int(duration_s * 1e9) if duration_s else FOREVER_NS

    def _loaded_backend(self) -> Any:
        backend = plugins.load("backends", self.spec["runtime"]).Backend(self.spec["options"])
        artifact = self.spec["artifact"]
        with self.progress.phase("import"):
            version = backend.import_runtime()
        self.progress.say("imported", version=version)
        if backend.needs_artifact and artifact["format"] not in backend.formats:
            known = ", ".join(backend.formats)
            raise UnsupportedError(
                "{} reads {}, not {}".format(self.spec["runtime"], known, artifact["format"])
            )
        for name, act in backend.steps(artifact):
            with self.progress.phase(name):
                act(artifact)
        self.progress.say("loaded", backend_info=backend.describe())
        return backend

    def _items(self, rows: int) -> List[Tuple[int, Any]]:
        """Return the inputs, in memory: images of the dataset, one random tensor, or nothing."""
        artifact = self.spec["artifact"]
        source, resident = "none", True
        items: List[Tuple[int, Any]] = [(-1, None)] * rows
        if self.spec["task"] is not None and artifact is not None:
            from edgebench_runner.dataset import images, write_files

            source = "dataset"
            items, resident = images(self.spec["dataset"]["path"], rows)
            if self.from_files:
                source, resident = "files", False
                items = write_files(items, os.path.join(self.directory, ITEMS))
        elif artifact is not None:
            source = "random"
            items = [(-1, _random_tensor(artifact["input"]["shape"]))] * rows
        self.progress.say("inputs", source=source, resident=resident)
        return items

    def _streams(
        self, infers: List[Callable[[Any], Any]], items: List[Tuple[int, Any]], records: Records
    ) -> List[Stages]:
        """Return the stages of every stream: buffers of pre-processing are not shared, the file of answers is."""
        artifact = self.spec["artifact"]
        if self.spec["task"] is None or artifact is None:
            return [Stages(_identity, infer, _no_answer, records.keep_answer) for infer in infers]
        module, dataset = plugins.load("tasks", self.spec["task"]), self.spec["dataset"]
        labelled = dataset["path"] if dataset["labels"] else None
        tasks = [module.Task(artifact, labelled) for _ in infers]
        keepers: List[Callable[[int, int, Any], None]] = [records.keep_answer] * len(tasks)
        if tasks[0].row is not None:
            from edgebench_runner import found

            size = 1 + max(item for item, _ in items)
            kept = found.Found(self.directory, size, tasks[0].row, records) if labelled else None
            keepers = [kept.keeper(task) if kept else found.nothing for task in tasks]
        return [
            Stages(self._preparation(task), infer, task.finish, keep)
            for task, infer, keep in zip(tasks, infers, keepers)  # noqa: B905
        ]

    def _preparation(self, task: Any) -> Callable[[Any], Any]:
        prepare: Callable[[Any], Any] = task.prepare
        if self.from_files:
            from edgebench_runner.dataset import opening

            prepare = opening(prepare)
        return prepare

    def _verify(self, backend: Any, infer: Callable[[Any], Any]) -> None:
        """Ask where the graph ran, and check its answers: once it has run, so that the first inference is first."""
        self.progress.say("placed", placement=backend.placement())
        check = self.spec["artifact"] and self.spec["artifact"]["check"]
        if not check:
            return
        with self.progress.phase("check"):
            result = check_answers(infer, check)
        self.progress.say("checked", check=result)
        if not result["passed"]:
            raise WrongAnswerError(describe_failure(result))


def _identity(tensor: Any) -> Any:
    return tensor


def _no_answer(output: Any) -> None:
    return None


def _random_tensor(shape: List[int]) -> Any:
    import numpy as np

    return np.random.RandomState(0).uniform(size=shape).astype(np.float32)


def _quiet_collector() -> None:
    """Keep the garbage collector out of the window."""
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()  # novermin
    gc.disable()


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the runner dies: an orphan would disturb the next cell."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: List[str]) -> int:
    """Measure the cell whose directory and whose parent's process id are given."""
    directory, parent = arguments
    _die_with_parent(int(parent))
    worker = Worker(directory)
    try:
        worker.run()
    except Exception as error:
        traceback.print_exc()
        name, detail = outcome.of_exception(error)
        worker.progress.say("failed", outcome=name, detail=detail)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The worker: loads one artifact in one backend and measures it. Runs under the environment's Python."""

import ctypes
import gc
import os
import signal
import sys
import traceback
from typing import Any, List, Tuple

from edgebench_runner import outcome, plugins, progress
from edgebench_runner.answer_check import check_answers, describe_failure
from edgebench_runner.atomic import read_json
from edgebench_runner.clock import now_ns
from edgebench_runner.errors import UnsupportedError, WrongAnswerError
from edgebench_runner.loop import FOREVER_NS, measure
from edgebench_runner.records import Records

_PR_SET_PDEATHSIG = 1


class Worker(object):
    """One cell, from import to the last inference."""

    def __init__(self, directory: str) -> None:
        self.spec = read_json(os.path.join(directory, "spec.json"))
        self.directory = directory
        self.progress = progress.Progress(directory)

    def run(self) -> None:
        """Go through the phases of the cell."""
        protocol = self.spec["protocol"]
        backend = self._loaded_backend()
        rows = protocol["warmup"] + protocol["inferences"]
        items, prepare, finish = self._inputs(rows)
        records = Records(self.directory, rows)
        _quiet_collector()

        def run_rows(first: int, last: int, stop_ns: int = FOREVER_NS) -> None:
            measure(
                items[first:last],
                prepare,
                backend.infer,
                finish,
                records.times,
                first,
                records.keep_answer,
                stop_ns,
            )

        if protocol["warmup"]:
            with self.progress.phase("first"):
                run_rows(0, 1)
            self._check(backend)
            with self.progress.phase("warmup"):
                run_rows(1, protocol["warmup"])
        duration_s = protocol["duration_s"]
        with self.progress.phase("measured"):
            run_rows(protocol["warmup"], rows, now_ns() + int(duration_s * 1e9) if duration_s else FOREVER_NS)
        if not protocol["warmup"]:
            self._check(backend)
        backend.close()
        self.progress.say("done")

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
        with self.progress.phase("load"):
            backend.load(artifact)
        self.progress.say("loaded", placement=backend.placement(), backend_info=backend.describe())
        return backend

    def _inputs(self, rows: int) -> Tuple[List[Tuple[int, Any]], Any, Any]:
        """Return the inputs, and the stages before and after the inference."""
        if self.spec["task"] is not None and self.spec["artifact"] is not None:
            from edgebench_runner.dataset import images

            task = plugins.load("tasks", self.spec["task"]).Task(self.spec["artifact"])
            items, resident = images(self.spec["dataset"]["path"], rows)
            self.progress.say("inputs", source="dataset", resident=resident)
            return items, task.prepare, task.finish
        self.progress.say("inputs", source="random" if self.spec["artifact"] else "none", resident=True)
        tensor = _random_tensor(self.spec["artifact"]["input"]["shape"]) if self.spec["artifact"] else None
        return [(-1, tensor)] * rows, _identity, _no_answer

    def _check(self, backend: Any) -> None:
        check = self.spec["artifact"] and self.spec["artifact"]["check"]
        if not check:
            return
        with self.progress.phase("check"):
            result = check_answers(backend.infer, check)
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

"""To a converter and back: how the controller's environment calls what runs in another one (``far_side``).

A process of an environment answers one request after another, for importing TensorFlow or torch takes longer than most
conversions. There is one at a time: the next environment's ends it, and so does ``close``.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from model_zoo import converter_environment, plugins
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.far_side import Floats, is_of_this_machine, receive, send, words_of
from model_zoo.request import Request

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def convert(exporter: str, source: Path, path: Path, request: Request) -> dict[str, Any] | None:
    """Let an exporter convert a file in its environment; return what it says of it.

    Raises:
        UnsupportedError, ZooError: as ``call`` does.
    """
    environment = plugins.load("exporters", exporter).ENVIRONMENT
    with tempfile.TemporaryDirectory(prefix="edgebench-calibration-") as folder:
        images = Path(folder) / "calibration.npy"
        np.save(images, request.calibration)
        asked = {**asdict(request), "calibration": str(images)}
        job = {"exporter": exporter, "source": str(source), "path": str(path.resolve()), "request": asked}
        said: dict[str, Any] | None = call(environment, exporter, "model_zoo.far_side:convert", job)
    return said


def call(environment: str, name: str, function: str, job: dict[str, Any]) -> Any:
    """Call ``<module>:<function>`` with a job in another environment, in a new directory; both ways it is JSON.

    Args:
        name: of who converts, for messages.

    Raises:
        UnsupportedError: the function refused the network, with its words, or crashed of it.
        ZooError: the environment cannot be made, the process was killed, or the machine lacks memory or space.
    """
    with tempfile.TemporaryDirectory(prefix="edgebench-convert-") as folder:
        request = {"do": "call", "folder": folder, "function": function, "job": job}
        return _process(environment).ask(name, request)[0]


@contextlib.contextmanager
def opened(exporter: str, path: Path) -> Iterator[Callable[[Floats], Floats]]:
    """Open an artifact for inference, in the environment of its exporter where that is not this one.

    Raises:
        UnsupportedError: the runtime refuses the file or crashes of it, when it is opened or at an inference.
        ZooError: the environment cannot be made, or the process was killed.
    """
    module = plugins.load("exporters", exporter)
    if not hasattr(module, "ENVIRONMENT"):
        try:
            infer_here = module.load(path)
        except Exception as error:
            if is_of_this_machine(error):
                raise
            raise UnsupportedError(f"{path.name} does not open: {words_of(error)}") from error
        yield infer_here
        return
    process, name = _process(module.ENVIRONMENT), f"{path.name} does not run: {exporter}"

    def infer(batch: Floats) -> Floats:
        found = process.ask(name, {"do": "infer"}, batch)[1]
        assert found is not None
        return found

    with tempfile.TemporaryDirectory(prefix="edgebench-open-") as folder:
        request = {"do": "open", "folder": folder, "exporter": exporter, "path": str(path.resolve())}
        process.ask(name, request)
        yield infer
        process.ask(name, {"do": "close"})


def close() -> None:
    """End the process that is there."""
    while _processes:
        _processes.popitem()[1].end()


class _Process:
    """A far side, alive until it is ended or dies of a request."""

    def __init__(self, environment: str) -> None:
        python = converter_environment.python_of(environment)
        self._folder = tempfile.TemporaryDirectory(prefix="edgebench-far-side-")
        self._log = Path(self._folder.name) / "log.txt"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(python), "-P", "-m", "model_zoo.far_side"],
                cwd=self._folder.name,
                env=_variables(python),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def ask(
        self, name: str, request: dict[str, Any], array: Floats | None = None
    ) -> tuple[Any, Floats | None]:
        """Send a request and return what is answered.

        Raises:
            UnsupportedError: a refusal, or the process crashed.
            ZooError: the process was killed or ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before = self._log.stat().st_size
        try:
            send(self._process.stdin, request, array)
            message = receive(self._process.stdout)
        except BrokenPipeError:
            message = None
        if message is None:
            code = self._process.wait()
            said = self._log.read_bytes()[before:].decode(errors="replace").strip().splitlines()[-2:]
            words = f"{name}: its process {_ending(code)}: {' | '.join(said)}"
            close()
            raise UnsupportedError(words) if -code in _CRASHES else ZooError(words)
        answer, found = message
        if "refusal" in answer:
            raise UnsupportedError(f"{name}: {answer['refusal']}")
        return answer["answer"], found

    def end(self) -> None:
        """End the process and those that it started, whatever they do."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        self._folder.cleanup()


_processes: dict[str, _Process] = {}


def _process(environment: str) -> _Process:
    if environment not in _processes:
        close()
        _processes[environment] = _Process(environment)
    return _processes[environment]


def _variables(python: Path) -> dict[str, str]:
    """This process's variables, such that the other interpreter finds this package, and the tools beside itself.

    Without onnxsim onnx2tf goes on with a graph that it takes wrong, and says so in its log only. What an environment's
    packages are compiled to is kept, whatever is wanted here: two thirds of their import is compiling.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PATH": f"{python.parent}:{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(converter_environment.CHECKOUT),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

"""To a converter and back: what runs in its own environment, and how the controller's environment calls it.

``python -m model_zoo.bridge call|serve`` is the far side. It says what it has to say in files and in length-prefixed
arrays on its standard output; whatever the libraries print goes to a log.
"""

import ctypes
import errno
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import converter_environment, plugins
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.request import Request

Floats = NDArray[np.float32]
_PR_SET_PDEATHSIG = 1
_LENGTH_BYTES = 8
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
_REFUSED = 3
_OF_THIS_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE)


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
        said: dict[str, Any] | None = call(environment, exporter, "model_zoo.bridge:far_convert", job)
    return said


def call(environment: str, name: str, function: str, job: dict[str, Any]) -> Any:
    """Call ``<module>:<function>`` with a job in another environment, in a new directory; both ways it is JSON.

    Args:
        name: of who converts, for messages.

    Raises:
        UnsupportedError: the function refused the network, with its words, or crashed of it.
        ZooError: the environment cannot be made, the process was killed, or the machine lacks memory or space.
    """
    python = str(converter_environment.python_of(environment))
    with tempfile.TemporaryDirectory(prefix="edgebench-convert-") as scratch:
        folder = Path(scratch)
        (folder / "job.json").write_text(json.dumps({"function": function, "job": job}))
        with (folder / "log.txt").open("wb") as log:
            done = subprocess.run(
                [python, "-P", "-m", "model_zoo.bridge", "call", str(folder / "job.json")],
                cwd=folder,
                env=_variables(),
                stdout=log,
                stderr=log,
                check=False,
            )
        answer = folder / "answer.json"
        if not answer.exists():
            words = f"{name}: the converter {_ending(done.returncode)}: {_last_words(log.name)}"
            raise UnsupportedError(words) if -done.returncode in _CRASHES else ZooError(words)
        result = json.loads(answer.read_text())
    if "refusal" in result:
        raise UnsupportedError(f"{name}: {result['refusal']}")
    return result["answer"]


@contextmanager
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
    python = str(converter_environment.python_of(module.ENVIRONMENT))
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory(prefix="edgebench-serve-") as scratch:
        process = subprocess.Popen(
            [python, "-P", "-m", "model_zoo.bridge", "serve", exporter, str(path.resolve())],
            cwd=scratch,
            env=_variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        to, back = process.stdin, process.stdout

        def infer(batch: Floats) -> Floats:
            try:
                _send(to, batch)
                found = _receive(back)
            except BrokenPipeError:
                found = None
            if found is None:
                log.seek(0)
                said = log.read().decode(errors="replace").strip().splitlines()[-1:]
                code = process.wait()
                words = f"{path.name} does not run: {exporter} {_ending(code)}: {' '.join(said)}"
                raise UnsupportedError(words) if code == _REFUSED or -code in _CRASHES else ZooError(words)
            return found

        try:
            yield infer
        finally:
            process.kill()
            process.wait()
            to.close()
            back.close()


def is_of_this_machine(error: BaseException) -> bool:
    """Tell whether an error speaks of the machine, and not of the network that was to be converted or run."""
    if isinstance(error, MemoryError | ImportError | BrokenPipeError):
        return True
    return isinstance(error, OSError) and error.errno in _OF_THIS_MACHINE


def words_of(error: BaseException) -> str:
    """Return an error's kind and words in one line of bounded length."""
    words = " ".join(str(error).split()) or "no reason given"
    return f"{type(error).__name__}: {words[:500]}"


def _variables() -> dict[str, str]:
    """This process's variables; the other interpreter finds this package, and TensorFlow is less talkative."""
    return {**os.environ, "PYTHONPATH": str(converter_environment.CHECKOUT), "TF_CPP_MIN_LOG_LEVEL": "2"}


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _last_words(log: str) -> str:
    return " | ".join(Path(log).read_text(errors="replace").strip().splitlines()[-2:])


def _send(stream: IO[bytes], array: NDArray[Any]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    stream.write(buffer.tell().to_bytes(_LENGTH_BYTES, "little") + buffer.getvalue())
    stream.flush()


def _receive(stream: IO[bytes]) -> Floats | None:
    """Return the next array, None at the end of the stream."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    body = stream.read(int.from_bytes(head, "little"))
    return np.asarray(np.load(io.BytesIO(body), allow_pickle=False), np.float32)


def far_convert(job: dict[str, Any]) -> dict[str, Any] | None:
    """Convert, in the exporter's environment."""
    asked = job["request"]
    request = Request(**{**asked, "calibration": np.load(asked["calibration"], allow_pickle=False)})
    exporter = plugins.load("exporters", job["exporter"])
    said: dict[str, Any] | None = exporter.convert(Path(job["source"]), Path(job["path"]), request)
    return said


def _far_call(job_file: Path) -> None:
    """Call a function, and write ``answer.json``: what it returns, or why the network cannot be converted."""
    asked = json.loads(job_file.read_text())
    module, _, function = asked["function"].partition(":")
    try:
        answer = {"answer": getattr(importlib.import_module(module), function)(asked["job"])}
    except UnsupportedError as error:
        answer = {"refusal": str(error)}
    except (Exception, SystemExit) as error:
        if is_of_this_machine(error):
            raise
        answer = {"refusal": words_of(error)}
    job_file.with_name("answer.json").write_text(json.dumps(answer))


def _far_serve(exporter: str, path: Path) -> None:
    """Answer every array on standard input with the artifact's output, until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        infer = plugins.load("exporters", exporter).load(path)
        while (batch := _receive(sys.stdin.buffer)) is not None:
            _send(answers, np.asarray(infer(batch), np.float32))
    except Exception as error:
        if is_of_this_machine(error):
            raise
        print(words_of(error), file=sys.stderr, flush=True)
        os._exit(_REFUSED)


def _far_side(arguments: list[str]) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if arguments[0] == "call":
        _far_call(Path(arguments[1]))
    else:
        _far_serve(arguments[1], Path(arguments[2]))


if __name__ == "__main__":
    _far_side(sys.argv[1:])

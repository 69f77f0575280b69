"""``python -m model_zoo.far_side``: what runs in a converter's environment, and answers one request after another.

A request and an answer are a message each, on standard input and output: words in JSON and an array, both prefixed by
their length. Whatever the libraries print goes to the log, which is standard error.
"""

import ctypes
import errno
import gc
import importlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import plugins
from model_zoo.errors import UnsupportedError
from model_zoo.request import Request

Floats = NDArray[np.float32]
_LENGTH_BYTES = 8
_PR_SET_PDEATHSIG = 1
_OF_THIS_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO, errno.EMFILE)


def send(stream: IO[bytes], words: dict[str, Any], array: Floats | None = None) -> None:
    """Write a message."""
    buffer = io.BytesIO()
    if array is not None:
        np.save(buffer, array, allow_pickle=False)
    for part in (json.dumps(words).encode(), buffer.getvalue()):
        stream.write(len(part).to_bytes(_LENGTH_BYTES, "little") + part)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], Floats | None] | None:
    """Read the next message; None at the end of the stream, also in the middle of a message."""
    words, array = _part(stream), _part(stream)
    if words is None or array is None:
        return None
    return json.loads(words), np.load(io.BytesIO(array), allow_pickle=False) if array else None


def is_of_this_machine(error: BaseException) -> bool:
    """Tell whether an error speaks of the machine, and not of the network that was to be converted or run."""
    if isinstance(error, MemoryError | ImportError | BrokenPipeError):
        return True
    return isinstance(error, OSError) and error.errno in _OF_THIS_MACHINE


def words_of(error: BaseException) -> str:
    """Return an error's kind and words in one line of bounded length."""
    words = " ".join(str(error).split()) or "no reason given"
    return f"{type(error).__name__}: {words[:500]}"


def convert(job: dict[str, Any]) -> dict[str, Any] | None:
    """Convert a file, in the exporter's environment."""
    asked = job["request"]
    request = Request(**{**asked, "calibration": np.load(asked["calibration"], allow_pickle=False)})
    exporter = plugins.load("exporters", job["exporter"])
    said: dict[str, Any] | None = exporter.convert(Path(job["source"]), Path(job["path"]), request)
    return said


class _FarSide:
    """What can be asked for: each method takes the request and its array, and returns the answer and an array."""

    def __init__(self) -> None:
        self._infer: Callable[[Floats], Floats] | None = None

    def call(self, asked: dict[str, Any], array: Floats | None) -> tuple[Any, None]:
        """Call a function ``module:name`` with a job."""
        module, _, function = asked["function"].partition(":")
        return getattr(importlib.import_module(module), function)(asked["job"]), None

    def open(self, asked: dict[str, Any], array: Floats | None) -> tuple[None, None]:
        """Open a file in its exporter's runtime."""
        self._infer = plugins.load("exporters", asked["exporter"]).load(Path(asked["path"]))
        return None, None

    def infer(self, asked: dict[str, Any], array: Floats | None) -> tuple[None, Floats]:
        """Run the open file."""
        assert self._infer is not None
        assert array is not None
        return None, np.asarray(self._infer(array), np.float32)

    def close(self, asked: dict[str, Any], array: Floats | None) -> tuple[None, None]:
        """Let go of the open file."""
        self._infer = None
        gc.collect()
        return None, None


def _part(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "little")
    body = stream.read(length) if len(head) == _LENGTH_BYTES else b""
    return body if len(head) == _LENGTH_BYTES and len(body) == length else None


def _main() -> None:
    """Answer until the input ends. An error of the machine ends the process: its last words are in the log."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.register_at_fork(
        after_in_child=answers.close
    )  # who outlives this process must not keep the stream open
    far = _FarSide()
    while (message := receive(sys.stdin.buffer)) is not None:
        asked, array = message
        if "folder" in asked:
            os.chdir(asked["folder"])
        try:
            answer, found = getattr(far, asked["do"])(asked, array)
        except UnsupportedError as error:
            send(answers, {"refusal": str(error)})
        except (Exception, SystemExit) as error:
            if is_of_this_machine(error):
                raise
            send(answers, {"refusal": words_of(error)})
        else:
            send(answers, {"answer": answer}, found)


if __name__ == "__main__":
    _main()

"""MNN, by its own converter from ONNX.

Half precision is of the weights, and rounded before: the converter would cut off what half precision has no room for.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.request import Request

EXTENSION = "mnn"
FILE_FORMAT = "mnn"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = {"fp32": "fp32", "fp16": "fp16"}
PACKAGES = ("MNN",)
ENVIRONMENT = "linux-x86_64-cp311/mnn"
SOURCE = "onnx"
EXACT_WINOGRAD = 3, 2
"""MNN's WINOGRAD_MEMORY_LEVEL below its default, whose large tiles are off by 0.05 in Inception v3, and no quicker."""


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert an ONNX file; the tool's exit code says nothing, so its words are read."""
    tool = str(Path(sys.executable).with_name("mnnconvert"))
    options = ["-f", "ONNX", "--modelFile", str(source), "--MNNModel", str(path), "--bizCode", "edgebench"]
    options += ["--fp16"] if request.precision == "fp16" else []
    done = subprocess.run([sys.executable, tool, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not path.is_file():
        words = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise RuntimeError(f"mnnconvert ended with {done.returncode}: {' | '.join(words)}")


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in MNN on the CPU, in single precision."""
    import MNN

    interpreter = MNN.Interpreter(str(path))
    interpreter.setSessionHint(*EXACT_WINOGRAD)
    session = interpreter.createSession({"backend": "CPU", "precision": "high", "numThread": 1})
    entry, result = interpreter.getSessionInput(session), interpreter.getSessionOutput(session)

    def host(array: NDArray[np.float32]) -> object:
        return MNN.Tensor(array.shape, MNN.Halide_Type_Float, array, MNN.Tensor_DimensionType_Caffe)

    answer = host(np.zeros(result.getShape(), np.float32))

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        entry.copyFrom(host(np.ascontiguousarray(batch)))
        interpreter.runSession(session)
        result.copyToHostTensor(answer)
        return np.array(answer.getNumpyData(), np.float32)  # type: ignore[attr-defined]

    return infer

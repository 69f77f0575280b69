"""ncnn by pnnx from ONNX: ``model.param`` with ``model.bin``, which its input layer names by SHA-256.

Half precision is of the weights.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _threads
from model_zoo.request import Request

EXTENSION = "param"
FILE_FORMAT = "ncnn"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = {"fp32": "fp32", "fp16": "fp32"}
PACKAGES = ("pnnx", "ncnn")
ENVIRONMENT = "converters-x86_64-cp311/pnnx"
SOURCE = "torchscript"
_INPUT_LAYER = re.compile(r"^(Input\s+)\S+", re.MULTILINE)


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert a TorchScript file; a layer's name is free, so the input's makes the description stand for both files."""
    import pnnx

    shutil.copyfile(source, "model.pt")
    shape = ",".join(map(str, request.example.shape))
    half = "1" if request.precision == "fp16" else "0"
    command = [pnnx.EXEC_PATH, "model.pt", f"inputshape=[{shape}]", f"fp16={half}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    description, weights = Path("model.ncnn.param"), Path("model.ncnn.bin")
    if done.returncode != 0 or not weights.is_file():
        words = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise RuntimeError(f"pnnx ended with {done.returncode}: {' | '.join(words)}")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    text, count = _INPUT_LAYER.subn(rf"\g<1>weights_{digest}", description.read_text())
    if count != 1:
        raise RuntimeError(f"pnnx wrote {count} inputs, one is needed")
    path.write_text(text)
    shutil.copyfile(weights, path.with_suffix(".bin"))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the files in ncnn on the CPU, in single precision."""
    import ncnn

    net = ncnn.Net()
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
        setattr(net.opt, name, False)
    if _threads.allowed():
        net.opt.num_threads = _threads.allowed()
    if net.load_param(str(path)) != 0 or net.load_model(str(path.with_suffix(".bin"))) != 0:
        raise RuntimeError("ncnn lacks a layer of the network")
    entry, result = net.input_names()[0], net.output_names()[0]

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        extractor = net.create_extractor()
        extractor.input(entry, ncnn.Mat(np.ascontiguousarray(batch[0])))
        status, output = extractor.extract(result)
        if status != 0:
            raise RuntimeError(f"ncnn's extractor failed with {status}")
        return np.array(output.numpy(), np.float32)[None]

    return infer

"""ONNX. Opset 17 by default; 13 for the oldest runtimes (onnxruntime 1.11, TensorRT 8.2) and for gia2023."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.errors import UnsupportedError
from model_zoo.exporters import _onnx_int8, _threads
from model_zoo.request import Request
from model_zoo.source import Loaded

EXTENSION = "onnx"
FILE_FORMAT = "onnx"
LAYOUT = "NCHW"
OPSET = True
PRECISIONS = ("fp32", "fp16", "int8")
TAKES = ("torch", "onnx")
PACKAGES = ("torch", "onnx", "onnxruntime")


def export(loaded: Loaded, path: Path, request: Request) -> None:
    """Write the network as one ONNX file with fixed shapes; input ``input``, output ``output``.

    A user's ONNX file is taken as it is, or quantised. The tracing exporter is used because every runtime from
    onnxruntime 1.16 on reads what it writes (IR 8).
    """
    write(loaded, path, request)
    if request.precision == "int8":
        _onnx_int8.quantise(path, request.calibration)


def write(loaded: Loaded, path: Path, request: Request) -> None:
    """Write the network before it is quantised."""
    import onnx

    if loaded.file is not None:
        if loaded.file_format != "onnx":
            raise UnsupportedError(f"the source is a file ({loaded.file}) that is not ONNX")
        if request.precision == "fp16":
            raise UnsupportedError(f"the source is a file ({loaded.file}), not a torch network")
        shutil.copyfile(loaded.file, path)
        if request.between:
            _keep_first_output(path)
    else:
        _trace(loaded, path, request)
        onnx.checker.check_model(str(path), full_check=True)


def _keep_first_output(path: Path) -> None:
    """Take a file's further outputs away: converters would order them as they please."""
    import onnx

    model = onnx.load(str(path))
    del model.graph.output[1:]
    onnx.save(model, str(path))


def _trace(loaded: Loaded, path: Path, request: Request) -> None:
    import torch

    from model_zoo.exporters import _torch

    torch.onnx.export(
        _torch.in_precision(loaded.network(), request.precision),
        (torch.from_numpy(request.example),),
        str(path),
        opset_version=request.opset,
        dynamo=False,
        input_names=["input"],
        output_names=["output"],
    )


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = _threads.allowed()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0], np.float32)

"""ONNX. Opset 17 by default; 13 for the oldest runtimes (onnxruntime 1.11, TensorRT 8.2) and for gia2023."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_zoo.source import Loaded

if TYPE_CHECKING:
    from torch import Tensor

EXTENSION = "onnx"
PACKAGES = ("torch", "onnx")
OPSET = True


def export(loaded: Loaded, example: "Tensor", path: Path, opset: int) -> None:
    """Write the network as one ONNX file with fixed shapes; input ``input``, output ``output``.

    A user's ONNX file is taken as it is. The tracing exporter is used because every runtime from onnxruntime 1.16
    on reads what it writes (IR 8).
    """
    if loaded.file is not None:
        shutil.copyfile(loaded.file, path)
        return
    import onnx
    import torch

    torch.onnx.export(
        loaded.network(),
        (example,),
        str(path),
        opset_version=opset,
        dynamo=False,
        input_names=["input"],
        output_names=["output"],
    )
    onnx.checker.check_model(str(path), full_check=True)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0], np.float32)

"""TorchScript by tracing: one file that ``torch.jit.load`` opens without the source of the network."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.request import Request
from model_zoo.source import Loaded

EXTENSION = "pt"
FILE_FORMAT = "torchscript"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = ("fp32", "fp16")
TAKES = ("torch",)
PACKAGES = ("torch",)


def export(loaded: Loaded, path: Path, request: Request) -> None:
    """Trace the network and save it. It is not frozen: torch 2.6 dies of that on ARMv8.0."""
    import torch

    from model_zoo.exporters import _torch

    network = _torch.in_precision(loaded.network(), request.precision)
    with torch.no_grad():
        torch.jit.trace(network, torch.from_numpy(request.example), check_trace=False).save(str(path))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in torch on the CPU."""
    import torch

    from model_zoo.exporters import _torch

    return _torch.inference(torch.jit.load(str(path), map_location="cpu").eval())

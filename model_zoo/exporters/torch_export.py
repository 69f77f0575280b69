"""The program of ``torch.export``: what torch proposes in the place of TorchScript."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.request import Request
from model_zoo.source import Loaded

EXTENSION = "pt2"
FILE_FORMAT = "torch_export"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = ("fp32", "fp16")
TAKES = ("torch",)
PACKAGES = ("torch",)


def export(loaded: Loaded, path: Path, request: Request) -> None:
    """Export the network and save the program."""
    import torch

    from model_zoo.exporters import _torch

    network = _torch.in_precision(loaded.network(), request.precision)
    with torch.no_grad():
        program = torch.export.export(network, (torch.from_numpy(request.example),), strict=False)
    torch.export.save(program, str(path))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the program in torch on the CPU."""
    import torch

    from model_zoo.exporters import _torch

    return _torch.inference(torch.export.load(str(path)).module())

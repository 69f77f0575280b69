"""TorchScript by tracing: one file that ``torch.jit.load`` opens without the source of the network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_zoo.source import Loaded

if TYPE_CHECKING:
    from torch import Tensor

EXTENSION = "pt"
PACKAGES = ("torch",)
OPSET = False


def export(loaded: Loaded, example: "Tensor", path: Path, opset: None) -> None:
    """Trace the network and save it. It is not frozen: torch 2.6 dies of that on ARMv8.0."""
    import torch

    with torch.no_grad():
        torch.jit.trace(loaded.network(), example, check_trace=False).save(str(path))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in torch on the CPU."""
    import torch

    network = torch.jit.load(str(path), map_location="cpu").eval()

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(batch)).float().numpy())

    return infer

"""Half precision inside, single precision at the input and the output, so that the same images go in."""

from pathlib import Path
from typing import TYPE_CHECKING

from model_zoo.model import Model
from model_zoo.source import Loaded
from model_zoo.verification import Floats, Tolerance

if TYPE_CHECKING:
    from torch import nn

NAMES = ("fp16",)
TOLERANCE = Tolerance(atol=0.5, rtol=0.02, correlation=0.99, top1_agreement=0.9)


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return True


def transform(loaded: Loaded, name: str, model: Model) -> Loaded:
    """Return a copy of the network that computes in half precision."""
    return Loaded(loaded.weights, loaded.weights_detail, _halved(loaded.network()))


def finish(path: Path, format_name: str, calibration: Floats) -> None:
    """Leave the exported file as it is; there is nothing to record."""


def _halved(network: "nn.Module") -> "nn.Module":
    import copy

    import torch
    from torch import nn

    class HalfInside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = copy.deepcopy(network).half()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.network(x.half())
            return y.float()

    return HalfInside().eval()

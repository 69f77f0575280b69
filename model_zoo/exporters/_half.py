"""Half precision inside, single precision at the input and the output, so that the same images go in."""

import copy

import torch
from torch import nn


class HalfInside(nn.Module):
    """A copy of a network that computes in half precision."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return float32."""
        y: torch.Tensor = self.network(x.half())
        return y.float()


def in_precision(network: nn.Module, precision: str) -> nn.Module:
    """Return the network as it is for ``fp32``, with half precision inside for ``fp16``."""
    return HalfInside(network).eval() if precision == "fp16" else network

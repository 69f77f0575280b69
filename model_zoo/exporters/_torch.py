"""What torch's files have in common: half precision inside and single outside, and how they are asked."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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


def inference(network: Any) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the function from a batch to the network's answer, both float32."""
    half = any(parameter.dtype == torch.float16 for parameter in network.parameters())
    answer = _ChannelsLast(network) if half else network

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(answer(torch.from_numpy(batch)).float().numpy())

    return infer


class _ChannelsLast:
    """A network in half precision, which a processor computes four times as fast with the channels last in memory.

    One with a view that needs them first is asked as it is.
    """

    def __init__(self, network: Any) -> None:
        self._format = torch.channels_last
        self._network = network.to(memory_format=self._format)

    def __call__(self, x: torch.Tensor) -> Any:
        try:
            return self._network(x.to(memory_format=self._format))
        except RuntimeError:
            if self._format is torch.contiguous_format:
                raise
        self._format = torch.contiguous_format
        self._network = self._network.to(memory_format=self._format)
        return self(x)

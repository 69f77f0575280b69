"""The raw predictions of grid detectors as one tensor, and the biases they start from."""

import math
from collections.abc import Sequence

import torch
from torch import nn

PRIOR = 0.01
"""What an untrained detector believes of every box and class (Lin et al. 2017, arXiv:1708.02002, section 4.1)."""


def rows(maps: Sequence[torch.Tensor], anchors: int) -> torch.Tensor:
    """Turn maps (1, anchors * values, H, W) into one table (1, predictions, values): by map, anchor, row and column.

    The values are raw: x, y, width, height, objectness, classes. ``edgebench_runner.tasks.detection`` decodes them.
    """
    tables = []
    for grid in maps:
        n, channels, height, width = map(int, grid.shape)  # a trace computes no shapes
        values = channels // anchors
        table = grid.view(n, anchors, values, height, width).permute(0, 1, 3, 4, 2)
        tables.append(table.reshape(n, anchors * height * width, values))
    return torch.cat(tables, dim=1)


def expect_nothing(layer: nn.Conv2d, anchors: int, values: int, first: int) -> None:
    """Set the biases of a prediction layer, from value ``first`` on, so that each says PRIOR before training."""
    if layer.bias is None:
        return
    bias = layer.bias.detach().view(anchors, values)
    bias[:, first:] = -math.log((1 - PRIOR) / PRIOR)

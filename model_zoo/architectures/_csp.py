"""What YOLOv5 and YOLOX share: convolutions with normalisation, cross-stage partial blocks, a path aggregation neck.

Wang et al. 2019 (CSPNet, arXiv:1911.11929), Liu et al. 2018 (PANet, arXiv:1803.01534).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

Conv = Callable[..., nn.Module]


def conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Module:
    """Return a convolution with "same" padding, batch normalisation and SiLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.03),
        nn.SiLU(),
    )


def separable(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Module:
    """Return a depthwise convolution and a pointwise one, each with normalisation and SiLU."""
    return nn.Sequential(
        conv(channels_in, channels_in, kernel, stride, groups=channels_in), conv(channels_in, channels_out)
    )


class Bottleneck(nn.Module):
    """1 x 1 and 3 x 3 convolution, with the input added where ``shortcut``."""

    def __init__(self, channels: int, shortcut: bool, conv_3x3: Conv) -> None:
        super().__init__()
        self.layers = nn.Sequential(conv(channels, channels), conv_3x3(channels, channels, 3))
        self.shortcut = shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, H, W) to the same shape."""
        y: torch.Tensor = self.layers(x)
        return x + y if self.shortcut else y


class CrossStage(nn.Module):
    """Half of the channels go through ``count`` bottlenecks, the other half passes by; both are joined."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        count: int = 1,
        shortcut: bool = True,
        conv_3x3: Conv = conv,
    ) -> None:
        super().__init__()
        half = channels_out // 2
        blocks = [Bottleneck(half, shortcut, conv_3x3) for _ in range(count)]
        self.through = nn.Sequential(conv(channels_in, half), *blocks)
        self.past = conv(channels_in, half)
        self.join = conv(2 * half, channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels_in, H, W) to (n, channels_out, H, W)."""
        y: torch.Tensor = self.join(torch.cat([self.through(x), self.past(x)], dim=1))
        return y


class PathAggregation(nn.Module):
    """Maps of several strides, each joined with the coarser ones and then with the finer ones.

    Args:
        widths: channels of the maps, finest first.
    """

    def __init__(self, widths: Sequence[int], count: int = 1, conv_3x3: Conv = conv) -> None:
        super().__init__()
        pairs = list(pairwise(widths))

        def block(channels_in: int, channels_out: int) -> CrossStage:
            return CrossStage(channels_in, channels_out, count, shortcut=False, conv_3x3=conv_3x3)

        self.lateral = nn.ModuleList(conv(coarse, fine) for fine, coarse in pairs)
        self.top_down = nn.ModuleList(block(2 * fine, fine) for fine, _ in pairs)
        self.down = nn.ModuleList(conv_3x3(fine, fine, 3, 2) for fine, _ in pairs)
        self.bottom_up = nn.ModuleList(block(2 * fine, coarse) for fine, coarse in pairs)
        self.doubled = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Map tensors (n, width, H, W), finest first, to as many of the same shapes."""
        x = maps[-1]
        laterals: list[torch.Tensor] = []
        for level in reversed(range(len(self.lateral))):
            lateral = self.lateral[level](x)
            laterals.insert(0, lateral)
            x = self.top_down[level](torch.cat([self.doubled(lateral), maps[level]], dim=1))
        outputs = [x]
        for down, block, lateral in zip(self.down, self.bottom_up, laterals, strict=True):
            outputs.append(block(torch.cat([down(outputs[-1]), lateral], dim=1)))
        return outputs

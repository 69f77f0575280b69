"""YOLOX (Ge et al. 2021, arXiv:2107.08430): no anchors, and a head with a branch for classes and one for boxes."""

import torch
from torch import nn

from model_zoo.architectures._csp import Conv, CrossStage, PathAggregation, conv, separable
from model_zoo.architectures._grid import expect_nothing, rows


class PyramidPooling(nn.Module):
    """Maxima over 5, 9 and 13 pixels, joined with the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce, self.join = conv(channels, channels // 2), conv(2 * channels, channels)
        self.pools = nn.ModuleList(nn.MaxPool2d(size, 1, padding=size // 2) for size in (5, 9, 13))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, H, W) to the same shape."""
        x = self.reduce(x)
        y: torch.Tensor = self.join(torch.cat([x, *(pool(x) for pool in self.pools)], dim=1))
        return y


class Head(nn.Module):
    """The decoupled head of one level: (n, channels_in, H, W) to (n, 5 + classes, H, W)."""

    def __init__(self, channels_in: int, channels: int, classes: int, conv_3x3: Conv) -> None:
        super().__init__()
        self.stem = conv(channels_in, channels)
        self.class_branch, self.box_branch = (
            nn.Sequential(conv_3x3(channels, channels, 3), conv_3x3(channels, channels, 3)) for _ in range(2)
        )
        self.classes = nn.Conv2d(channels, classes, 1)
        self.boxes = nn.Conv2d(channels, 4, 1)
        self.objectness = nn.Conv2d(channels, 1, 1)
        expect_nothing(self.classes, 1, classes, first=0)
        expect_nothing(self.objectness, 1, 1, first=0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return box, objectness and classes along the channels, raw."""
        x = self.stem(x)
        box = self.box_branch(x)
        return torch.cat([self.boxes(box), self.objectness(box), self.classes(self.class_branch(x))], dim=1)


class YoloX(nn.Module):
    """The network; its output is the table of raw predictions (1, predictions, 5 + classes)."""

    def __init__(self, width: float, depth: float, depthwise: bool, classes: int) -> None:
        super().__init__()
        wide = [int(c * width) for c in (64, 128, 256, 512, 1024)]
        n = max(1, round(3 * depth))
        conv_3x3: Conv = separable if depthwise else conv

        def stage(level: int, count: int) -> list[nn.Module]:
            before, after = wide[level - 1], wide[level]
            return [conv_3x3(before, after, 3, 2), CrossStage(after, after, count, conv_3x3=conv_3x3)]

        self.focus = nn.PixelUnshuffle(2)
        self.stem = conv(12, wide[0], 3)
        last = [
            conv_3x3(wide[3], wide[4], 3, 2),
            PyramidPooling(wide[4]),
            CrossStage(wide[4], wide[4], n, shortcut=False, conv_3x3=conv_3x3),
        ]
        self.early = nn.Sequential(*stage(1, n))
        self.stages = nn.ModuleList(
            nn.Sequential(*layers) for layers in (stage(2, 3 * n), stage(3, 3 * n), last)
        )
        self.neck = PathAggregation(wide[2:], n, conv_3x3)
        self.heads = nn.ModuleList(Head(c, wide[2], classes, conv_3x3) for c in wide[2:])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, 3, H, W) to (1, predictions, 5 + classes)."""
        x = self.early(self.stem(self.focus(x)))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return rows([head(grid) for head, grid in zip(self.heads, self.neck(maps), strict=True)], anchors=1)


def build(width: float, depth: float, depthwise: bool = False, classes: int = 80) -> nn.Module:
    """Return the untrained network."""
    return YoloX(width, depth, depthwise, classes)

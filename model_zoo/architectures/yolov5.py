"""YOLOv5 (release 6), written here from its published description; its authors' code (AGPL) is not used.

Stem and stages of cross-stage partial blocks, spatial pyramid pooling, path aggregation, three anchors a cell.
"""

import torch
from torch import nn

from model_zoo.architectures._csp import CrossStage, PathAggregation, conv
from model_zoo.architectures._grid import expect_nothing, rows

ANCHORS = 3


class PyramidPooling(nn.Module):
    """Maxima over 5, 9 and 13 pixels, by pooling 5 three times in a row, joined with the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce, self.join = conv(channels, channels // 2), conv(2 * channels, channels)
        self.pool = nn.MaxPool2d(5, 1, padding=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, H, W) to the same shape."""
        maps = [self.reduce(x)]
        for _ in range(3):
            maps.append(self.pool(maps[-1]))
        y: torch.Tensor = self.join(torch.cat(maps, dim=1))
        return y


class YoloV5(nn.Module):
    """The network; its output is the table of raw predictions (1, predictions, 5 + classes)."""

    def __init__(self, width: float, depth: float, levels: int, classes: int) -> None:
        super().__init__()
        channels = [64, 128, 256, 512, 1024] if levels == 3 else [64, 128, 256, 512, 768, 1024]
        wide = [int(round(c * width / 8) * 8) for c in channels]
        counts = [max(1, round(n * depth)) for n in (3, 6, 9, *[3] * (levels - 2))]
        self.stem = nn.Sequential(
            nn.Conv2d(3, wide[0], 6, 2, 2, bias=False),
            nn.BatchNorm2d(wide[0], eps=1e-3, momentum=0.03),
            nn.SiLU(),
        )
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, after, 3, 2), CrossStage(after, after, n))
            for before, after, n in zip(wide[:-1], wide[1:], counts, strict=True)
        )
        self.pool = PyramidPooling(wide[-1])
        self.levels = levels
        self.neck = PathAggregation(wide[-levels:], max(1, round(3 * depth)))
        self.heads = nn.ModuleList(nn.Conv2d(c, ANCHORS * (5 + classes), 1) for c in wide[-levels:])
        for head in self.heads:
            assert isinstance(head, nn.Conv2d)
            expect_nothing(head, ANCHORS, 5 + classes, first=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, 3, H, W) to (1, predictions, 5 + classes)."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps[-1] = self.pool(x)
        joined = self.neck(maps[-self.levels :])
        return rows([head(grid) for head, grid in zip(self.heads, joined, strict=True)], ANCHORS)


def build(width: float, depth: float, levels: int = 3, classes: int = 80) -> nn.Module:
    """Return the untrained network."""
    return YoloV5(width, depth, levels, classes)

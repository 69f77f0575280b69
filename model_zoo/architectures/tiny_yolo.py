"""Tiny YOLOv2 and v3 (Redmon and Farhadi 2016, arXiv:1612.08242; 2018, arXiv:1804.02767), as the authors' files say."""

import torch
from torch import nn

from model_zoo.architectures._grid import expect_nothing, rows

V2_ANCHORS, V3_ANCHORS = 5, 3


class TinyYoloV2(nn.Module):
    """Nine convolutions and one grid; (1, 3, 416, 416) to (1, 845, 5 + classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = _backbone()
        self.tail = nn.Sequential(_unit(512, 1024, 3), _unit(1024, 512, 3))
        self.head = nn.Conv2d(512, V2_ANCHORS * (5 + classes), 1)
        _start(self.head, V2_ANCHORS, 5 + classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the table of raw predictions."""
        for layer in self.backbone:
            x = layer(x)
        return rows([self.head(self.tail(x))], V2_ANCHORS)


class TinyYoloV3(nn.Module):
    """Two grids, the finer from the coarser, doubled, and an early map; (1, 3, 416, 416) to (1, 2535, 5 + classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = _backbone()
        self.neck = nn.Sequential(_unit(512, 1024, 3), _unit(1024, 256, 1))
        self.coarse = nn.Sequential(_unit(256, 512, 3), nn.Conv2d(512, V3_ANCHORS * (5 + classes), 1))
        self.lateral = nn.Sequential(_unit(256, 128, 1), nn.Upsample(scale_factor=2, mode="nearest"))
        self.fine = nn.Sequential(_unit(384, 256, 3), nn.Conv2d(256, V3_ANCHORS * (5 + classes), 1))
        for head in (self.coarse[-1], self.fine[-1]):
            assert isinstance(head, nn.Conv2d)
            _start(head, V3_ANCHORS, 5 + classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the table of raw predictions, the finer grid first."""
        early = x
        for layer in self.backbone:
            x = layer(x)
            if x.shape[1] == 256 and isinstance(layer, nn.Sequential):
                early = x
        x = self.neck(x)
        fine = self.fine(torch.cat([self.lateral(x), early], dim=1))
        return rows([fine, self.coarse(x)], V3_ANCHORS)


def build(version: int, classes: int = 80) -> nn.Module:
    """Return the untrained network of version 2 or 3."""
    return {2: TinyYoloV2, 3: TinyYoloV3}[version](classes)


def _backbone() -> nn.ModuleList:
    """Return the six convolutions and poolings that both share; the last pooling keeps the size."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (16, 32, 64, 128, 256):
        layers += [_unit(channels, width, 3), nn.MaxPool2d(2, 2)]
        channels = width
    same = nn.Sequential(nn.ReplicationPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1))
    return nn.ModuleList([*layers, nn.Sequential(_unit(256, 512, 3), same)])


def _unit(channels_in: int, channels_out: int, kernel: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, 1, kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(0.1),
    )


def _start(head: nn.Conv2d, anchors: int, values: int) -> None:
    expect_nothing(head, anchors, values, first=4)

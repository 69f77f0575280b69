"""Lightweight OpenPose (Osokin 2018, arXiv:1811.12004): heat maps and part affinity fields of a dilated MobileNet."""

import torch
from torch import nn

HEAT_MAPS, AFFINITY_FIELDS = 19, 38
_BLOCKS = ((32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1))


class Initial(nn.Module):
    """The first estimate: a trunk and a branch each for heat maps and fields."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*(_conv(channels, channels, 3) for _ in range(3)))
        self.heat, self.fields = (
            nn.Sequential(_conv(channels, 512, 1), nn.Conv2d(512, maps, 1))
            for maps in (HEAT_MAPS, AFFINITY_FIELDS)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, H, W) to (n, 57, H, W): heat maps first."""
        x = self.trunk(x)
        return torch.cat([self.heat(x), self.fields(x)], dim=1)


class RefinementBlock(nn.Module):
    """Stands for a 7 x 7 convolution: 1 x 1, then 3 x 3 and dilated 3 x 3, with the first added."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels_in, channels, 1, normalise=False)
        self.trunk = nn.Sequential(
            _conv(channels, channels, 3, normalise=True),
            _conv(channels, channels, 3, dilation=2, normalise=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels_in, H, W) to (n, channels, H, W)."""
        x = self.first(x)
        y: torch.Tensor = x + self.trunk(x)
        return y


class Refinement(nn.Module):
    """The second estimate, from the features and the first one."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        widths = [channels_in, *[channels] * 4]
        self.trunk = nn.Sequential(*(RefinementBlock(width, channels) for width in widths))
        self.heat, self.fields = (
            nn.Sequential(_conv(channels, channels, 1), nn.Conv2d(channels, maps, 1))
            for maps in (HEAT_MAPS, AFFINITY_FIELDS)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels_in, H, W) to (n, 57, H, W): heat maps first."""
        x = self.trunk(x)
        return torch.cat([self.heat(x), self.fields(x)], dim=1)


class Pose(nn.Module):
    """The network; its output is the last stage's heat maps and part affinity fields."""

    def __init__(self, stride: int, channels: int = 128) -> None:
        super().__init__()
        dilated = stride == 8
        layers = [_first(32), *(_separable(*block) for block in _BLOCKS)]
        # At stride 8 the fourth and fifth stages keep their size and dilate; at 32 they halve it, as MobileNet does.
        layers += [_separable(256, 512, 1 if dilated else 2)]
        layers += [_separable(512, 512, 1, dilation=2 if dilated else 1)]
        layers += [_separable(512, 512, 1) for _ in range(3)]
        layers += [_separable(512, 512, 1 if dilated else 2)]
        self.backbone = nn.Sequential(*layers)
        self.align = _conv(512, channels, 1, normalise=False)
        self.mix = nn.Sequential(*(_separable_elu(channels) for _ in range(3)))
        self.smooth = _conv(channels, channels, 3, normalise=False)
        self.initial = Initial(channels)
        self.refinement = Refinement(channels + HEAT_MAPS + AFFINITY_FIELDS, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, 3, H, W) to (1, 19 + 38, H / stride, W / stride)."""
        x = self.align(self.backbone(x))
        x = self.smooth(x + self.mix(x))
        first = self.initial(x)
        y: torch.Tensor = self.refinement(torch.cat([x, first], dim=1))
        return y


def build(stride: int = 8) -> nn.Module:
    """Return the untrained network with an output stride of 8 (the paper's) or 32."""
    return Pose(stride)


def _first(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, channels, 3, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU())


def _separable(channels_in: int, channels_out: int, stride: int, dilation: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_in, 3, stride, dilation, dilation, groups=channels_in, bias=False),
        nn.BatchNorm2d(channels_in),
        nn.ReLU(),
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


def _separable_elu(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False),
        nn.ELU(),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.ELU(),
    )


def _conv(
    channels_in: int, channels: int, kernel: int, dilation: int = 1, normalise: bool = False
) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(channels_in, channels, kernel, 1, dilation * (kernel // 2), dilation, bias=True)
    ]
    if normalise:
        layers.append(nn.BatchNorm2d(channels))
    return nn.Sequential(*layers, nn.ReLU())

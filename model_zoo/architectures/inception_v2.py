"""Inception v2, or BN-Inception (Ioffe and Szegedy 2015, arXiv:1502.03167, figure 5)."""

import torch
from torch import nn

# of each module: 1x1; 3x3 reduce, 3x3; double 3x3 reduce, double 3x3; pooling ("avg" or "max") and its projection.
# A module without 1x1 halves the image: its convolutions have stride 2 and its pooling passes through.
_MODULES: dict[str, tuple[int, int, int, int, int, str, int]] = {
    "3a": (64, 64, 64, 64, 96, "avg", 32),
    "3b": (64, 64, 96, 64, 96, "avg", 64),
    "3c": (0, 128, 160, 64, 96, "max", 0),
    "4a": (224, 64, 96, 96, 128, "avg", 128),
    "4b": (192, 96, 128, 96, 128, "avg", 128),
    "4c": (160, 128, 160, 128, 160, "avg", 96),
    "4d": (96, 128, 192, 160, 192, "avg", 96),
    "4e": (0, 128, 192, 192, 256, "max", 0),
    "5a": (352, 192, 320, 160, 224, "avg", 128),
    "5b": (352, 192, 320, 192, 224, "max", 128),
}


class InceptionModule(nn.Module):
    """The branches of one module, joined along the channels."""

    def __init__(self, channels_in: int, shape: tuple[int, int, int, int, int, str, int]) -> None:
        super().__init__()
        single, reduce_3, out_3, reduce_double, out_double, pooling, projection = shape
        stride = 1 if single else 2
        pool = nn.AvgPool2d if pooling == "avg" else nn.MaxPool2d
        branches: list[nn.Module] = [
            nn.Sequential(_unit(channels_in, reduce_3, 1), _unit(reduce_3, out_3, 3, stride)),
            nn.Sequential(
                _unit(channels_in, reduce_double, 1),
                _unit(reduce_double, out_double, 3),
                _unit(out_double, out_double, 3, stride),
            ),
        ]
        if single:
            project = _unit(channels_in, projection, 1)
            branches.insert(0, _unit(channels_in, single, 1))
            branches.append(nn.Sequential(pool(3, 1, padding=1), project))
        else:
            branches.append(pool(3, 2, padding=1))
        self.branches = nn.ModuleList(branches)
        self.channels_out = single + out_3 + out_double + (projection if single else channels_in)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels_in, H, W) to (n, channels_out, H, W), or to half that height and width."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def build() -> nn.Module:
    """Return the untrained network: (n, 3, 224, 224) to logits (n, 1000)."""
    layers: list[nn.Module] = [
        _unit(3, 64, 7, 2),
        nn.MaxPool2d(3, 2, padding=1),
        _unit(64, 64, 1),
        _unit(64, 192, 3),
        nn.MaxPool2d(3, 2, padding=1),
    ]
    channels = 192
    for shape in _MODULES.values():
        module = InceptionModule(channels, shape)
        channels = module.channels_out
        layers.append(module)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def _unit(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Module:
    convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU())

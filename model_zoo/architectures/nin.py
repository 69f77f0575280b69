"""Network in Network for ImageNet (Lin, Chen and Yan 2013, arXiv:1312.4400), as its authors' Caffe model has it."""

import torch
from torch import nn

CLASSES = 1000


def build() -> nn.Module:
    """Return the untrained network: (n, 3, 224, 224) to logits (n, 1000)."""
    network = nn.Sequential(
        *_mlpconv(3, 96, 11, stride=4),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        *_mlpconv(96, 256, 5, padding=2),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        *_mlpconv(256, 384, 3, padding=1),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        nn.Dropout(0.5),
        *_mlpconv(384, 1024, 3, padding=1, channels_out=CLASSES),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(torch.as_tensor(layer.bias))
    return network


def _mlpconv(
    channels_in: int,
    width: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    channels_out: int | None = None,
) -> list[nn.Module]:
    """Return a convolution followed by two 1 x 1 convolutions: a small network slid over the image."""
    out = width if channels_out is None else channels_out
    return [
        nn.Conv2d(channels_in, width, kernel, stride, padding),
        nn.ReLU(),
        nn.Conv2d(width, width, 1),
        nn.ReLU(),
        nn.Conv2d(width, out, 1),
        nn.ReLU(),
    ]

"""A small convolutional network for SVHN: three pairs of convolutions, and two dense layers.

ameen2023 trains "a small CNN" with Keras and does not print its layers; these are customary for images of 32 x 32.
"""

from torch import nn

from model_zoo.architectures import _training
from model_zoo.datasets import svhn
from model_zoo.model import Model

EPOCHS = 10


def build() -> nn.Module:
    """Return the untrained network: (n, 3, 32, 32) to logits (n, 10)."""
    return nn.Sequential(
        *_pair(3, 32),
        *_pair(32, 64),
        *_pair(64, 128),
        nn.Flatten(),
        nn.Linear(2048, 128),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(128, 10),
    )


def train(network: nn.Module, model: Model, epochs: int = EPOCHS) -> str:
    """Train in place on the training split; return how, for the record."""
    return _training.fit(network, model, svhn.split()[0], epochs)


def _pair(channels_in: int, channels: int) -> list[nn.Module]:
    return [
        *(nn.Conv2d(channels_in, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()),
        *(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()),
        nn.MaxPool2d(2),
        nn.Dropout(0.3),
    ]

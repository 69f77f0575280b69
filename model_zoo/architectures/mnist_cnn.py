"""A small convolutional network for MNIST: two convolutions, two poolings and one dense layer.

ameen2023 trains "a small CNN" with Keras and does not print its layers; these are those of Keras's own MNIST example
(34,826 parameters).
"""

from torch import nn

from model_zoo.architectures import _training
from model_zoo.datasets import mnist
from model_zoo.model import Model

EPOCHS = 12


def build() -> nn.Module:
    """Return the untrained network: (n, 1, 28, 28) to logits (n, 10)."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )


def train(network: nn.Module, model: Model, epochs: int = EPOCHS) -> str:
    """Train in place on the training split; return how, for the record."""
    return _training.fit(network, model, mnist.split()[0], epochs)

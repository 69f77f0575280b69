"""A small convolutional network for 8 x 8 digits, trained here in seconds."""

import torch
from torch import nn

from model_zoo.datasets import digits
from model_zoo.model import Model

EPOCHS, BATCH = 25, 64


def build() -> nn.Module:
    """Return the untrained network: (n, 1, 8, 8) to logits (n, 10)."""
    return nn.Sequential(
        *_block(1, 32),
        *_block(32, 64),
        nn.MaxPool2d(2),
        *_block(64, 64),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def train(network: nn.Module, model: Model, epochs: int = EPOCHS) -> str:
    """Train in place on the training split, the same way every time; return how, for the record."""
    (images, labels), _ = digits.split()
    inputs, targets = torch.from_numpy(model.preprocess.apply(images)), torch.from_numpy(labels)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=1e-2, epochs=epochs, steps_per_epoch=-(-len(inputs) // BATCH)
    )
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(inputs[batch]), targets[batch]).backward()
            optimiser.step()
            schedule.step()
    return f"{epochs} epochs of Adam on {len(inputs)} digits of the training split, batches of {BATCH}"


def _block(channels_in: int, channels_out: int) -> list[nn.Module]:
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU()]

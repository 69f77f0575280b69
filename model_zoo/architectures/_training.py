"""Supervised training on the CPU, the same way every time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model_zoo.dataset import Labelled
from model_zoo.model import Model

BATCH = 128


def fit(network: nn.Module, model: Model, training: Labelled, epochs: int, rate: float = 1e-3) -> str:
    """Train in place under the current seed of torch; return how, for the record.

    Args:
        training: uint8 images (n, H, W, C) of the input's size, and labels (n,).
        rate: Adam's largest step, reached after three tenths of the run.
    """
    images, labels = training
    optimiser = torch.optim.Adam((p for p in network.parameters() if p.requires_grad), lr=rate)
    steps = -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=rate, epochs=epochs, steps_per_epoch=steps
    )
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(BATCH):
            inputs, targets = _tensors(model, images[batch.numpy()], labels[batch.numpy()])
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(inputs), targets).backward()
            optimiser.step()
            schedule.step()
    return f"{epochs} epochs of Adam on {len(images)} training images, batches of {BATCH}"


def _tensors(
    model: Model, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(model.preprocess.apply(images)), torch.from_numpy(labels)

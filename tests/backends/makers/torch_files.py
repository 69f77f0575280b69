"""``model.pt`` (TorchScript) and ``model.pt2`` (torch.export)."""

import sys
from pathlib import Path

import small_network
import torch
from torch import nn


def network() -> nn.Module:
    """Return the network with its weights."""
    known = {name: torch.from_numpy(value) for name, value in small_network.weights().items()}
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
    last = nn.Linear(16, small_network.CLASSES)
    made = nn.Sequential(
        first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), last
    )
    with torch.no_grad():
        for layer, weight, bias in (
            (first, "kernel_1", "bias_1"),
            (second, "kernel_2", "bias_2"),
            (last, "matrix", "bias_3"),
        ):
            layer.weight.copy_(known[weight])
            layer.bias.copy_(known[bias])
    return made.eval()


def main(directory: Path) -> None:
    """Write the files."""
    made, example = network(), (torch.zeros(small_network.SHAPE),)
    torch.jit.trace(made, example).save(str(directory / "model.pt"))
    torch.export.save(torch.export.export(made, example), str(directory / "model.pt2"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

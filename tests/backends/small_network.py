"""One small network and its answers, in NumPy alone: what every runtime's file is made from and held to.

Convolution (3 x 3, 3 to 8 channels, padding 1), ReLU, maximum over 2 x 2, convolution (8 to 16), ReLU, mean over
the image, a fully connected layer to 7 classes. Input (1, 3, 16, 16), or as large as ``SMALL_NETWORK_SIZE`` says.
"""

from __future__ import annotations

import os

import numpy as np

SIZE, CLASSES = int(os.environ.get("SMALL_NETWORK_SIZE", "16")), 7
SHAPE = (1, 3, SIZE, SIZE)


def weights() -> dict[str, np.ndarray]:
    """Return kernels (out, in, 3, 3), the matrix (out, in) and biases (out), the same every time."""
    random = np.random.default_rng(6)

    def draw(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    return {
        "kernel_1": draw(8, 3, 3, 3),
        "bias_1": draw(8),
        "kernel_2": draw(16, 8, 3, 3),
        "bias_2": draw(16),
        "matrix": draw(CLASSES, 16),
        "bias_3": draw(CLASSES),
    }


def inputs(count: int = 4, size: int = SIZE) -> np.ndarray:
    """Return inputs (count, 3, size, size)."""
    return np.random.default_rng(7).normal(size=(count, SHAPE[1], size, size)).astype(np.float32)


def answers(batch: np.ndarray) -> np.ndarray:
    """Return logits (n, classes) for inputs (n, 3, size, size), in float64."""
    known = {name: value.astype(np.float64) for name, value in weights().items()}
    features = np.maximum(_convolve(batch.astype(np.float64), known["kernel_1"], known["bias_1"]), 0)
    count, channels, height, width = features.shape
    features = features.reshape(count, channels, height // 2, 2, width // 2, 2).max((3, 5))
    features = np.maximum(_convolve(features, known["kernel_2"], known["bias_2"]), 0)
    return features.mean((2, 3)) @ known["matrix"].T + known["bias_3"]


def _convolve(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, kernel) + bias[:, None, None]

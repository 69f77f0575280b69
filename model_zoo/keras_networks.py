"""Small networks in Keras, from an input (H, W, C) to logits; imported in Keras's environment only."""

from collections.abc import Callable
from typing import Any


def mnist_cnn(shape: tuple[int, ...], classes: int) -> Any:
    """Return Keras's own MNIST example, as ``architectures.mnist_cnn`` is in torch."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(shape),
            *(layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2)),
            *(layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2)),
            *(layers.Flatten(), layers.Dropout(0.5), layers.Dense(classes)),
        ]
    )


def svhn_cnn(shape: tuple[int, ...], classes: int) -> Any:
    """Return three pairs of convolutions and two dense layers, as ``architectures.svhn_cnn`` is in torch."""
    import keras
    from keras import layers

    def convolution(channels: int) -> list[Any]:
        first = layers.Conv2D(channels, 3, padding="same", use_bias=False)
        return [first, layers.BatchNormalization(), layers.ReLU()]

    def pair(channels: int) -> list[Any]:
        return [*convolution(channels), *convolution(channels), layers.MaxPooling2D(2), layers.Dropout(0.3)]

    head = [
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.4),
        layers.Dense(classes),
    ]
    return keras.Sequential([keras.Input(shape), *pair(32), *pair(64), *pair(128), *head])


NETWORKS: dict[str, Callable[[tuple[int, ...], int], Any]] = {"mnist_cnn": mnist_cnn, "svhn_cnn": svhn_cnn}

"""scikit-learn's 1,797 handwritten digits (8 x 8 pixels): real, labelled, and always there."""

import re

import numpy as np
from numpy.typing import NDArray

from model_zoo.dataset import Dataset
from model_zoo.image_files import Shape

PATTERN = re.compile(r"digits")
NAMES = "digits"
ABOUT = "scikit-learn's handwritten digits, 8 x 8 pixels"
HELD_OUT = 20
TRAINING_SHARE = 0.8
SEED = 20230401


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the test split: its first 20 images verify conversions, the rest (340) are measured.

    The calibration images are the training split, which no accuracy is ever taken on.
    """
    training, test = split()
    return Dataset(
        name=name,
        images=test[0][HELD_OUT:],
        labels=test[1][HELD_OUT:],
        classes=10,
        source="scikit-learn load_digits (UCI optical recognition of handwritten digits)",
        split=f"test without the first {HELD_OUT}, which verify conversions; shuffled with seed {SEED}",
        held_out=test[0][:HELD_OUT],
        calibration=training[0],
    )


Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def split() -> tuple[Labelled, Labelled]:
    """Return (training, test), each uint8 images (n, 8, 8, 1) and int64 labels (n,): 1437 and 360 digits."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    order = np.random.default_rng(SEED).permutation(len(images))
    images, labels = images[order], bunch.target[order].astype(np.int64)
    n_training = int(len(images) * TRAINING_SHARE)
    return (images[:n_training], labels[:n_training]), (images[n_training:], labels[n_training:])

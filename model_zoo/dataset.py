"""A data set: what is deployed and measured, what verifies conversions, and what calibrates them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import plugins
from model_zoo.data_files import AbsentError
from model_zoo.errors import ZooError


@dataclass(frozen=True)
class Dataset:
    """Three disjoint sets of uint8 images (n, H, W, C).

    Attributes:
        images: deployed to the boards and measured.
        labels: int64 (n,) of ``images``, or None where there are none.
        classes: how many classes the labels are of, or None.
        source: where the images come from.
        split: which part of the source ``images`` is.
        held_out: verify conversions; never measured, trained on or calibrated with.
        calibration: choose the ranges of quantisation and the statistics of normalisation.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: int | None
    source: str
    split: str
    held_out: NDArray[np.uint8]
    calibration: NDArray[np.uint8]

    def record(self, sha256: str) -> dict[str, Any]:
        """Return ``dataset.json`` for the deployed images, whose file has this digest."""
        return {
            "schema": "edgebench/dataset/1",
            "name": self.name,
            "sha256": sha256,
            "n": len(self.images),
            "labels": self.labels is not None,
            "classes": self.classes,
            "source": self.source,
            "split": self.split,
            "shape": list(self.images.shape[1:]),
        }


Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images (n, H, W, C) and their labels (n,)."""
HELD_OUT = 20
SEED = 20230401


def from_split(name: str, training: Labelled, test: Labelled, classes: int, source: str) -> Dataset:
    """Return the data set of a training and a test split, the latter shuffled by SEED."""
    order = np.random.default_rng(SEED).permutation(len(test[0]))
    images, labels = test[0][order], test[1][order]
    return Dataset(
        name=name,
        images=images[HELD_OUT:],
        labels=labels[HELD_OUT:],
        classes=classes,
        source=source,
        split=f"test, shuffled with seed {SEED}, without the first {HELD_OUT}, which verify conversions",
        held_out=images[:HELD_OUT],
        calibration=training[0],
    )


def module_of(name: str) -> str:
    """Return the module of ``model_zoo.datasets`` whose pattern the name matches.

    Raises:
        ZooError: none does; the message lists the patterns.
    """
    patterns = {module: plugins.load("datasets", module).PATTERN for module in plugins.names("datasets")}
    for module, pattern in patterns.items():
        if pattern.fullmatch(name):
            return module
    valid = ", ".join(pattern.pattern for pattern in patterns.values())
    raise ZooError(f"dataset: unknown {name!r}; valid: {valid}")


def load(name: str) -> Dataset:
    """Load a data set by name.

    Raises:
        ZooError: no module answers to the name, or its files are not there.
    """
    dataset: Dataset = plugins.load("datasets", module_of(name)).load(name)
    return dataset


def load_or_substitute(name: str, input_shape: tuple[int, ...]) -> Dataset:
    """Load a data set, or random images of the input's size, under their own name, where its files cannot be had.

    Raises:
        ZooError: its files are damaged, or there is no such data set.
    """
    try:
        return load(name)
    except AbsentError:
        _, channels, height, _ = input_shape
        return load(f"synthetic_{'grey_' if channels == 1 else ''}{height}")

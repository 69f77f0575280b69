"""A data set: what is deployed and measured, what verifies conversions, and what calibrates them."""

from dataclasses import dataclass, field
from pathlib import Path
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
        truth: further arrays that say what is in ``images``, by name; they travel with the labels.
        prepared_in: the folder of images that are too many to be made anew for every model, or None.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: int | None
    source: str
    split: str
    held_out: NDArray[np.uint8]
    calibration: NDArray[np.uint8]
    truth: dict[str, NDArray[Any]] = field(default_factory=dict)
    prepared_in: Path | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what ``data.npz`` holds."""
        labels = {} if self.labels is None else {"labels": self.labels}
        return {"images": self.images, **labels, **self.truth}

    def record(self, sha256: str) -> dict[str, Any]:
        """Return ``dataset.json`` for the deployed images, whose file has this digest."""
        return {
            "schema": "edgebench/dataset/1",
            "name": self.name,
            "sha256": sha256,
            "n": len(self.images),
            "labels": self.labels is not None or bool(self.truth),
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
        ZooError: none does; the message lists the names.
    """
    modules = {module: plugins.load("datasets", module) for module in plugins.names("datasets")}
    for module, loaded in modules.items():
        if loaded.PATTERN.fullmatch(name):
            return module
    valid = ", ".join(loaded.NAMES for loaded in modules.values())
    raise ZooError(f"dataset: unknown {name!r}; valid: {valid}")


def task_of(name: str) -> str | None:
    """Return the task that a data set says the answers of; None where it says none and serves every task."""
    task: str | None = getattr(plugins.load("datasets", module_of(name)), "TASK", "classification")
    return task


def is_present(name: str) -> bool:
    """Return whether a data set can be had without a network; one that is made or installed always can."""
    module = plugins.load("datasets", module_of(name))
    return not hasattr(module, "is_present") or bool(module.is_present(name))


def fingerprint(name: str) -> str | None:
    """Return what changes when the files of a data set change under the same name; None where they cannot."""
    module = plugins.load("datasets", module_of(name))
    return module.fingerprint(name) if hasattr(module, "fingerprint") else None


def described() -> list[dict[str, Any]]:
    """Return every family of data sets: the pattern of its names, what it is, and whether its files are here."""
    modules = {name: plugins.load("datasets", name) for name in plugins.names("datasets")}
    return [
        {
            "dataset": name,
            "pattern": module.PATTERN.pattern,
            "names": module.NAMES,
            "about": module.ABOUT,
            "task": getattr(module, "TASK", "classification"),
            "present": module.is_present(name)
            if hasattr(module, "is_present") and name != "folder"
            else None,
        }
        for name, module in modules.items()
    ]


def load(name: str, input_shape: tuple[int, ...] = (1, 3, 224, 224)) -> Dataset:
    """Load a data set by name.

    Args:
        input_shape: (1, C, H, W) of the network; images of files are fitted to it, others have the size they have.

    Raises:
        ZooError: no module answers to the name, or its files are not there.
    """
    dataset: Dataset = plugins.load("datasets", module_of(name)).load(name, input_shape)
    return dataset


def load_or_substitute(name: str, input_shape: tuple[int, ...]) -> Dataset:
    """Load a data set, or random images of the input's size, under their own name, where its files cannot be had.

    Raises:
        ZooError: its files are damaged, or there is no such data set.
    """
    try:
        return load(name, input_shape)
    except AbsentError:
        _, channels, height, _ = input_shape
        return load(f"synthetic_{'grey_' if channels == 1 else ''}{height}")

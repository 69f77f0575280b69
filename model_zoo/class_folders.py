"""A folder with one folder of images a class: how it is listed, split and made a data set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model_zoo import image_files
from model_zoo.dataset import HELD_OUT, SEED, Dataset
from model_zoo.errors import ZooError
from model_zoo.image_files import Shape

CALIBRATION = 32
Listed = tuple[list[Path], list[int]]
"""Files, and the class of each."""


def classes_of(folder: Path) -> list[str]:
    """Return the names of the classes in their order: by number where all are numbers, by letter otherwise.

    Raises:
        ZooError: there is no folder in it.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise ZooError(f"{folder}: no classes found; valid: one folder of images a class")
    return sorted(names, key=int) if all(name.isdigit() for name in names) else names


def listed(folder: Path, classes: Sequence[str]) -> Listed:
    """Return the images of each class, sorted.

    Raises:
        ZooError: a class has no folder or no image.
    """
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        inside = folder / name
        found = sorted(p for p in inside.glob("**/*") if p.suffix.lower() in image_files.ENDINGS)
        if not found:
            valid = ", ".join(sorted(image_files.ENDINGS))
            raise ZooError(f"{inside}: no images of class {name!r}; valid: files ending in {valid}")
        files += found
        labels += [label] * len(found)
    return files, labels


def dataset(
    name: str,
    measured: Listed,
    others: Listed | None,
    n_classes: int,
    input_shape: Shape,
    source: str,
    count: int | None = None,
) -> Dataset:
    """Return a labelled data set of image files, in an order shuffled by seed.

    Args:
        measured: what accuracy is taken on.
        others: verify conversions and calibrate; without them the first of ``measured`` do, and are not measured.
        count: measure only so many.

    Raises:
        ZooError: there are too few images, or one cannot be decoded.
    """
    random = np.random.default_rng(SEED)
    reserve = HELD_OUT + CALIBRATION
    order = random.permutation(len(measured[0]))
    if others is None:
        kept, order = order[:reserve], order[reserve:]
        chosen = [measured[0][i] for i in kept]
        split = f"all, shuffled with seed {SEED}, without the first {reserve}, which verify and calibrate conversions"
    else:
        chosen = [others[0][i] for i in random.permutation(len(others[0]))[:reserve]]
        split = f"test, shuffled with seed {SEED}"
    order = order[:count]
    if len(chosen) < HELD_OUT + 1 or not len(order):
        raise ZooError(
            f"{name}: {len(chosen) + len(order)} images; at least {reserve + 1} are needed: {HELD_OUT} verify, "
            f"{CALIBRATION} calibrate, the rest are measured"
        )
    files = chosen + [measured[0][i] for i in order]
    prepared = image_files.prepare(name, files, input_shape, crop=True)
    return Dataset(
        name=name,
        images=prepared.images[len(chosen) :],
        labels=np.asarray(measured[1], np.int64)[order],
        classes=n_classes,
        source=source,
        split=split if count is None else f"{split}; {len(order)} of them",
        held_out=np.asarray(prepared.images[:HELD_OUT]),
        calibration=np.asarray(prepared.images[HELD_OUT : len(chosen)]),
        prepared_in=prepared.folder,
    )

"""``folder-<name>``: a folder of one's own with one folder of images a class, under ``EDGEBENCH_DATA``.

``<name>/<class>/…``, or ``<name>/train/<class>/…`` beside ``<name>/test/…`` (or ``val``, ``validation``): then the
latter is measured, and the former verifies and calibrates conversions.
"""

import hashlib
import re
from pathlib import Path

from model_zoo import class_folders, data_files
from model_zoo.dataset import Dataset
from model_zoo.image_files import Shape

PATTERN = re.compile(r"folder-([a-z0-9][a-z0-9_-]*)")
NAMES = "folder-<name>"
ABOUT = "a folder of your own with one folder of images a class"
TRAINING, MEASURED = "train", ("test", "val", "validation")


def is_present(name: str) -> bool:
    """Return whether the folder is on this disk."""
    return _folder(name).is_dir()


def fingerprint(name: str) -> str:
    """Return a digest of the names, sizes and dates of the folder's files."""
    files = sorted(path for path in _folder(name).glob("**/*") if path.is_file())
    listed = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(listed).encode()).hexdigest()


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the images of the folder's classes, the shorter side resized and the centre cropped to the input.

    Raises:
        ZooError: there is no such folder, no class in it, a class without images, or a file that is no image.
    """
    folder = _folder(name)
    if not folder.is_dir():
        raise data_files.AbsentError(f"{name}: {folder}: no such directory ({data_files.VARIABLE})")
    test = next((folder / part for part in MEASURED if (folder / part).is_dir()), None)
    split = test is not None and (folder / TRAINING).is_dir()
    measured = test if split and test is not None else folder
    classes = class_folders.classes_of(measured)
    return class_folders.dataset(
        name,
        class_folders.listed(measured, classes),
        class_folders.listed(folder / TRAINING, classes) if split else None,
        len(classes),
        input_shape,
        source=f"a folder of {len(classes)} classes: {', '.join(classes[:20])}{', …' if len(classes) > 20 else ''}",
    )


def _folder(name: str) -> Path:
    match = PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} does not match {PATTERN.pattern}")
    return data_files.folder(match[1])

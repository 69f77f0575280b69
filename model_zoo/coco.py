"""COCO's validation images of 2017 (Lin et al. 2014, arXiv:1405.0312) and what is in them: found, read and split.

They lie under ``EDGEBENCH_DATA/coco``: ``val2017/`` and ``annotations/``, or the publisher's two archives, which are
fetched by digest where there is a network. Three data sets are made of them, one a task.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import data_files, image_files
from model_zoo.class_folders import CALIBRATION
from model_zoo.dataset import HELD_OUT, SEED, Dataset
from model_zoo.errors import ZooError
from model_zoo.image_files import Prepared, Shape
from model_zoo.store import sha256_of

IMAGES = data_files.Source(
    "val2017.zip",
    "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
    "http://images.cocodataset.org/zips/val2017.zip",
)
ANNOTATIONS = data_files.Source(
    "annotations_trainval2017.zip",
    "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
    "http://images.cocodataset.org/annotations/annotations_trainval2017.zip",
)
KEYPOINTS = 17
Truth = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Image:
    """One image: its file, COCO's number for it, its size in pixels, and COCO's own records of what is in it."""

    file: Path
    number: int
    height: int
    width: int
    objects: list[dict[str, Any]]


def pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of ``<name>`` and ``<name>-<count>``."""
    return re.compile(rf"{name}(?:-([1-9]\d*))?")


def is_present(annotations: str) -> bool:
    """Return whether the images and what is in them are on this disk, unpacked or not."""
    folder = data_files.folder("coco")
    images = (folder / "val2017").is_dir() or (folder / IMAGES.name).is_file()
    return images and (
        (folder / "annotations" / annotations).is_file() or (folder / ANNOTATIONS.name).is_file()
    )


def fingerprint(annotations: str) -> str | None:
    """Return the digest of what is said to be in the images."""
    path = data_files.folder("coco") / "annotations" / annotations
    return sha256_of(path) if path.is_file() else None


def dataset(
    name: str,
    count: int | None,
    annotations: str,
    input_shape: Shape,
    classes: int | None,
    truth: Callable[[list[Image], Prepared], Truth],
) -> Dataset:
    """Return the images stretched to the input, in an order shuffled by seed.

    Args:
        count: measure only so many.
        annotations: the file that says what is in them.
        truth: returns the arrays that say what is in these images; given what was prepared of all of them.

    Raises:
        ZooError: they are neither here nor to be had, or do not have COCO's layout.
    """
    folder = data_files.unpacked("coco", IMAGES, "val2017")
    images = listed(data_files.unpacked("coco", ANNOTATIONS, "annotations") / annotations, folder)
    reserve = HELD_OUT + CALIBRATION
    if len(images) <= reserve:
        raise ZooError(
            f"{name}: {len(images)} images; at least {reserve + 1} are needed: {HELD_OUT} verify, {CALIBRATION} "
            "calibrate, the rest are measured"
        )
    order = np.random.default_rng(SEED).permutation(len(images))[: None if count is None else reserve + count]
    chosen = [images[i] for i in order]
    prepared = image_files.prepare(name, [image.file for image in chosen], input_shape, crop=False)
    measured = chosen[reserve:]
    sizes = np.array([(image.height, image.width) for image in measured], np.int32)
    return Dataset(
        name=name,
        images=prepared.images[reserve:],
        labels=None,
        classes=classes,
        source=f"COCO, val2017 (Lin et al. 2014), {annotations} {fingerprint(annotations)}",
        split=f"{len(measured)} of {len(images)}, shuffled with seed {SEED}, without the first {reserve}, which verify "
        "and calibrate conversions; stretched to the input",
        held_out=np.asarray(prepared.images[:HELD_OUT]),
        calibration=np.asarray(prepared.images[HELD_OUT:reserve]),
        truth={"sizes": sizes, **truth(measured, prepared)},
        prepared_in=prepared.folder,
    )


def objects(images: list[Image]) -> Truth:
    """Return every object: its image, COCO's category, box (x, y, width, height), area (px), and whether a crowd."""
    rows = [(item, found) for item, image in enumerate(images) for found in image.objects]
    return {
        "object_item": np.array([item for item, _ in rows], np.int32),
        "object_category": np.array([found["category_id"] for _, found in rows], np.int32),
        "object_box": np.array([found["bbox"] for _, found in rows], np.float64).reshape(-1, 4),
        "object_area": np.array([found["area"] for _, found in rows], np.float64),
        "object_crowd": np.array([found["iscrowd"] for _, found in rows], np.uint8),
    }


def keypoints(images: list[Image]) -> Truth:
    """Return ``objects`` and their keypoints (n, 17, 3): column, row, and 0 not there, 1 hidden, 2 visible."""
    found = [one["keypoints"] for image in images for one in image.objects]
    return {**objects(images), "object_keypoints": np.array(found, np.int32).reshape(-1, KEYPOINTS, 3)}


def listed(path: Path, folder: Path) -> list[Image]:
    """Return the images that a file of annotations names, in the order of their numbers.

    Raises:
        ZooError: it is not JSON of COCO's layout, or an image is not in the folder; names what was found.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ZooError(f"{path}: no such file") from error
    except ValueError as error:
        raise ZooError(f"{path}: not valid JSON: {error}") from error
    images = {}
    for place, entry in _entries(path, content, "images"):
        number, name, height, width = (
            _value(place, entry, key, kind)
            for key, kind in (("id", int), ("file_name", str), ("height", int), ("width", int))
        )
        images[number] = Image(folder / Path(name).name, number, height, width, [])
        if not images[number].file.is_file():
            raise ZooError(f"{place} file_name: {images[number].file}: no such file")
    for place, entry in _entries(path, content, "annotations"):
        number = _value(place, entry, "image_id", int)
        if number not in images:
            raise ZooError(f"{place} image_id: found {number}; valid: the id of one of images")
        _check(place, entry)
        images[number].objects.append(entry)
    return [images[number] for number in sorted(images)]


def _entries(path: Path, content: Any, key: str) -> list[tuple[str, dict[str, Any]]]:
    entries = content.get(key) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ZooError(f"{path}: {key}: missing or not a list of objects; valid: COCO's layout")
    return [(f"{path}: {key}[{index}]", entry) for index, entry in enumerate(entries)]


def _value(place: str, entry: dict[str, Any], key: str, kind: type) -> Any:
    if not isinstance(entry.get(key), kind) or isinstance(entry.get(key), bool):
        raise ZooError(f"{place} {key}: found {entry.get(key)!r}; valid: {kind.__name__}")
    return entry[key]


def _check(place: str, entry: dict[str, Any]) -> None:
    _value(place, entry, "category_id", int)
    if entry.get("iscrowd") not in (0, 1):
        raise ZooError(f"{place} iscrowd: found {entry.get('iscrowd')!r}; valid: 0, 1")
    sizes = {"bbox": 4, **({"keypoints": 3 * KEYPOINTS} if "keypoints" in entry else {})}
    for key, size in sizes.items():
        found = entry.get(key)
        if not isinstance(found, list) or len(found) != size or not all(map(_is_number, found)):
            raise ZooError(f"{place} {key}: found {str(found)[:60]}; valid: {size} numbers")
    if not _is_number(entry.get("area")):
        raise ZooError(f"{place} area: found {entry.get('area')!r}; valid: a number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))

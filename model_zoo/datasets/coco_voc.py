"""COCO for segmentation in Pascal VOC's classes, which torchvision's networks answer; ``coco_voc[-<count>]``.

COCO's outlines of VOC's 20 categories are drawn at the image's own size, and each pixel of the network's input takes
the class of the nearest one. Where two outlines overlap, and in a crowd, which is outlined as a whole, no class counts.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo import coco
from model_zoo.dataset import Dataset
from model_zoo.errors import ZooError
from model_zoo.image_files import Prepared, Shape

PATTERN = coco.pattern("coco_voc")
NAMES = "coco_voc, coco_voc-<count>"
ABOUT = "COCO's validation images of 2017, pixels of VOC's classes"
TASK = "segmentation"
ANNOTATIONS = "instances_val2017.json"
CATEGORIES = (5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72)
"""COCO's category of each of VOC's classes from 1 on (0: background): aeroplane, bicycle, bird, boat, bottle, bus,
car, cat, chair, cow, dining table, dog, horse, motorbike, person, potted plant, sheep, sofa, train, monitor."""
UNCOUNTED = 255
Pixels = NDArray[np.uint8]


def is_present(name: str) -> bool:
    """Return whether the files are on this disk."""
    return coco.is_present(ANNOTATIONS)


def fingerprint(name: str) -> str | None:
    """Return what changes when the annotations do."""
    return coco.fingerprint(ANNOTATIONS)


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the images with the class of every pixel, as the network sees them.

    Raises:
        ZooError: the files are neither here nor to be had, or do not have COCO's layout.
    """
    match = PATTERN.fullmatch(name)
    count = int(match[1]) if match and match[1] else None
    return coco.dataset(name, count, ANNOTATIONS, input_shape, 1 + len(CATEGORIES), _truth)


def _truth(images: list[coco.Image], prepared: Prepared) -> coco.Truth:
    """Draw every image once; the pixels lie beside the prepared images and are mapped into memory."""
    height, width = prepared.images.shape[1:3]
    path = prepared.folder / f"segments-{(fingerprint('') or '')[:16]}.npy"
    if not path.is_file():
        partial = Path(f"{path}.{os.getpid()}.part")
        shape = (len(images), height, width)
        drawn = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        for index, image in enumerate(images):
            drawn[index] = resized(draw(image), height, width)
        drawn.flush()
        del drawn
        partial.replace(path)
    return {"segments": np.load(path, mmap_mode="r")}


def draw(image: coco.Image) -> Pixels:
    """Return the class of every pixel of one image, uint8 (height, width).

    Raises:
        ZooError: an outline cannot be drawn.
    """
    from pycocotools import mask

    counted = np.zeros((image.height, image.width), np.uint8)
    classes, uncounted = counted.copy(), counted.astype(bool)
    for found in image.objects:
        if found["category_id"] not in CATEGORIES:
            continue
        try:
            parts = mask.frPyObjects(found["segmentation"], image.height, image.width)
            inside = mask.decode(parts).reshape(image.height, image.width, -1).any(axis=2)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ZooError(f"{ANNOTATIONS}: annotation {found.get('id')}: segmentation: {error}") from error
        if found["iscrowd"]:
            uncounted |= inside
            continue
        counted += inside
        classes[inside] = 1 + CATEGORIES.index(found["category_id"])
    classes[uncounted | (counted > 1)] = UNCOUNTED
    return classes


def resized(classes: Pixels, height: int, width: int) -> Pixels:
    """Return each pixel of another size as the nearest one's class."""
    rows = ((np.arange(height) + 0.5) * classes.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * classes.shape[1] / width).astype(int)
    return classes[rows][:, columns]

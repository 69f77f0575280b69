"""COCO for detection: boxes of 80 categories; ``coco``, or ``coco-<count>`` for a sample by seed."""

from model_zoo import coco
from model_zoo.dataset import Dataset
from model_zoo.image_files import Shape

PATTERN = coco.pattern("coco")
NAMES = "coco, coco-<count>"
ABOUT = "COCO's validation images of 2017, boxes"
TASK = "detection"
ANNOTATIONS = "instances_val2017.json"


def is_present(name: str) -> bool:
    """Return whether the files are on this disk."""
    return coco.is_present(ANNOTATIONS)


def fingerprint(name: str) -> str | None:
    """Return what changes when the annotations do."""
    return coco.fingerprint(ANNOTATIONS)


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the images with every box.

    Raises:
        ZooError: the files are neither here nor to be had, or do not have COCO's layout.
    """
    match = PATTERN.fullmatch(name)
    count = int(match[1]) if match and match[1] else None
    return coco.dataset(name, count, ANNOTATIONS, input_shape, 80, lambda images, _: coco.objects(images))

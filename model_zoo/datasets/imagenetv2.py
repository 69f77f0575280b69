"""ImageNetV2, matched frequency (Recht et al. 2019): 10,000 images, ten for each of ImageNet's 1000 classes.

``imagenetv2``, or ``imagenetv2-<count>`` for a sample by seed. The publisher's folders are named by the number of the
class, so that sorting them as text would give wrong labels.
"""

import re

from model_zoo import class_folders, data_files
from model_zoo.dataset import Dataset
from model_zoo.image_files import Shape

PATTERN = re.compile(r"imagenetv2(?:-([1-9]\d*))?")
NAMES = "imagenetv2, imagenetv2-<count>"
ABOUT = "ImageNetV2, matched frequency"
CLASSES = 1000
ARCHIVE = data_files.Source(
    "imagenetv2-matched-frequency.tar.gz",
    "f0c37fdf925916b19ea1323cd9a2208cdb6959ba2c32eef2a7fc393835c9ca7c",
    "https://huggingface.co/datasets/vaishaal/ImageNetV2/resolve/main/imagenetv2-matched-frequency.tar.gz",
)
FOLDER = "imagenetv2-matched-frequency-format-val"


def is_present(name: str) -> bool:
    """Return whether the images or their archive are on this disk."""
    folder = data_files.folder("imagenetv2")
    return (folder / FOLDER).is_dir() or (folder / ARCHIVE.name).is_file()


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the images, the shorter side resized and the centre cropped to the input.

    Raises:
        ZooError: they are neither here nor to be had, or are not those 1000 classes.
    """
    match = PATTERN.fullmatch(name)
    folder = data_files.unpacked("imagenetv2", ARCHIVE, FOLDER)
    classes = [str(number) for number in range(CLASSES)]
    return class_folders.dataset(
        name,
        class_folders.listed(folder, classes),
        None,
        CLASSES,
        input_shape,
        source="ImageNetV2, matched frequency (Recht et al. 2019)",
        count=int(match[1]) if match and match[1] else None,
    )

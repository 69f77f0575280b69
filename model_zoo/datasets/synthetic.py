"""Seeded random images for models whose real data set is not at hand: latency needs pixels, not meaning.

Plain noise looks the same to a network after its first pooling, so that every image gets the same answer and a broken
conversion could pass. These are sums of noise at several scales, each image with its own contrast and colour.
"""

import re

import numpy as np
from numpy.typing import NDArray

from model_zoo.dataset import Dataset
from model_zoo.image_files import Shape

PATTERN = re.compile(r"synthetic_(grey_)?(\d{1,4})")
NAMES = "synthetic_<size>, synthetic_grey_<size>"
ABOUT = "images made by seed, without labels"
TASK = None
MEASURED, HELD_OUT, CALIBRATION = 32, 20, 32
LARGE, OF_LARGE = 1024, 8
"""From this size on there are as few measured and calibration images, so that files and memory stay bounded."""
SEED = 20230401


def load(name: str, input_shape: Shape) -> Dataset:
    """Make the data set ``synthetic_<size>``: square images of that many pixels, in colour or grey, without labels."""
    match = PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} does not match {PATTERN.pattern}")
    size = int(match[2])
    n_measured, n_calibration = (MEASURED, CALIBRATION) if size < LARGE else (OF_LARGE, OF_LARGE)
    images = make_images(n_measured + HELD_OUT + n_calibration, size, SEED)
    if match[1]:
        images = images[..., :1]
    measured, held_out, calibration = np.split(images, [n_measured, n_measured + HELD_OUT])
    return Dataset(
        name=name,
        images=measured,
        labels=None,
        classes=None,
        source=f"seeded random images (PCG64, seed {SEED}), noise at several scales",
        split="measured",
        held_out=held_out,
        calibration=calibration,
    )


def make_images(count: int, size: int, seed: int) -> NDArray[np.uint8]:
    """Return uint8 images (count, size, size, 3): noise in blocks of 1 pixel to half the image.

    Only integers are used, so that the bytes are the same on every machine.
    """
    random = np.random.default_rng(seed)
    cells = [2**power for power in range(1, 8) if 2**power < size] + [size]
    total = np.zeros((count, size, size, 3), np.uint16)
    for n in cells:
        coarse = random.integers(0, 256, (count, n, n, 3), dtype=np.uint8)
        rows = np.arange(size) * n // size
        total += coarse[:, rows][:, :, rows]
    texture = (total // len(cells)).astype(np.int32) - 128
    contrast = random.integers(16, 64 * len(cells), (count, 1, 1, 3))
    brightness = random.integers(32, 224, (count, 1, 1, 3))
    return np.clip(texture * contrast // 64 + brightness, 0, 255).astype(np.uint8)

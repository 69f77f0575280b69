"""SVHN, street view house numbers of 32 x 32 pixels (Netzer et al. 2011): 73,257 to train on, 26,032 to measure."""

import re
from pathlib import Path

import numpy as np

from model_zoo.data_files import Source, find, folder
from model_zoo.dataset import Dataset, Labelled, from_split
from model_zoo.errors import ZooError
from model_zoo.image_files import Shape

PATTERN = re.compile(r"svhn")
NAMES = "svhn"
ABOUT = "street view house numbers, 32 x 32 pixels"
_ADDRESS = "http://ufldl.stanford.edu/housenumbers/"
FILES = {
    "train_32x32.mat": "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
    "test_32x32.mat": "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
}


def is_present(name: str) -> bool:
    """Return whether every file lies on this disk, whatever is in it."""
    return all((folder("svhn") / file).is_file() for file in FILES)


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the test split, of which the first images verify conversions, and the training split to calibrate with.

    Raises:
        ZooError: the files are not there, have another digest, or are damaged.
    """
    return from_split(name, *split(), classes=10, source="SVHN cropped digits (Netzer et al. 2011)")


def split() -> tuple[Labelled, Labelled]:
    """Return (training, test), each uint8 images (n, 32, 32, 3) and int64 labels (n,)."""
    training, test = (
        _read(find("svhn", Source(name, sha256, _ADDRESS + name))) for name, sha256 in FILES.items()
    )
    return training, test


def _read(path: Path) -> Labelled:
    """Return the images and labels of a MATLAB file, whose digit 0 has the label 10."""
    from scipy.io import loadmat

    try:
        content = loadmat(path)
        images = np.ascontiguousarray(content["X"].transpose(3, 0, 1, 2).astype(np.uint8))
        labels = content["y"].reshape(-1).astype(np.int64) % 10
    except (KeyError, ValueError, TypeError, OSError, NotImplementedError) as error:
        raise ZooError(f"{path}: not a MATLAB file with X and y: {error}") from error
    return images, labels

"""MNIST, 70,000 handwritten digits of 28 x 28 pixels (LeCun et al.): 60,000 to train on, 10,000 to measure."""

import gzip
import re
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.data_files import Source, find, folder
from model_zoo.dataset import Dataset, Labelled, from_split
from model_zoo.errors import ZooError
from model_zoo.image_files import Shape

PATTERN = re.compile(r"mnist")
NAMES = "mnist"
ABOUT = "handwritten digits, 28 x 28 pixels"
_ADDRESS = "https://storage.googleapis.com/cvdf-datasets/mnist/"
FILES = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


def is_present(name: str) -> bool:
    """Return whether every file lies on this disk, whatever is in it."""
    return all((folder("mnist") / file).is_file() for file in FILES)


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the test split, of which the first images verify conversions, and the training split to calibrate with.

    Raises:
        ZooError: the files are not there, have another digest, or are damaged.
    """
    return from_split(name, *split(), classes=10, source="MNIST (LeCun, Cortes and Burges 1998)")


def split() -> tuple[Labelled, Labelled]:
    """Return (training, test), each uint8 images (n, 28, 28, 1) and int64 labels (n,)."""
    train_images, train_labels, test_images, test_labels = (
        read_idx(find("mnist", Source(name, sha256, _ADDRESS + name))) for name, sha256 in FILES.items()
    )
    return (
        (train_images[..., np.newaxis], train_labels.astype(np.int64)),
        (test_images[..., np.newaxis], test_labels.astype(np.int64)),
    )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of a compressed IDX file of bytes.

    Raises:
        ZooError: it is damaged or of another kind.
    """
    try:
        content = gzip.decompress(path.read_bytes())
        zeros, kind, dimensions = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{dimensions}I", content, 4)
        if (zeros, kind) != (0, 8):
            raise ValueError(f"magic number {zeros:04x}{kind:02x}, valid: 000008")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise ZooError(f"{path}: not a whole IDX file: {error}") from error

"""Image files of any size, turned into the uint8 images of one network's input.

That is done once and kept on disk, mapped into memory: 50,000 images take 7 GB.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo import data_files
from model_zoo.errors import ZooError

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".webp", ".gif", ".tif", ".tiff"})
CROPPED_FROM = 256 / 224
"""A centre crop is this much smaller than the image's shorter side, as ImageNet's protocols have it: 256 to 224."""
_VERSION = 1
"""Counts changes of what is computed here: prepared images of an earlier one are made anew."""
_PREPARED = ".prepared"
_SAY_EVERY = 2000

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Prepared:
    """Images on disk, in the order of their files.

    Attributes:
        images: memory-mapped uint8 (n, H, W, C).
        folder: where they lie; the digest of what is made of them is kept there too.
    """

    images: NDArray[np.uint8]
    folder: Path


def prepare(name: str, files: Sequence[Path], input_shape: Shape, crop: bool) -> Prepared:
    """Decode files and fit them to an input; what an earlier build prepared of the same files is taken.

    Args:
        name: of the data set, for messages.
        files: in the order wanted; a file that changed its size or date is decoded again.
        input_shape: (1, C, H, W) of the network; one channel makes images grey.
        crop: the shorter side is resized and the centre is cropped; otherwise the image is stretched.

    Raises:
        ZooError: a file is not an image that can be decoded.
    """
    _, channels, height, width = input_shape
    key = _key(files, input_shape, crop)
    root = data_files.root() / _PREPARED
    folder = root / f"{name}-{height}x{width}x{channels}-{key[:16]}"
    with _locked(root):
        if not (folder / "images.npy").is_file():
            partial = root / f".{folder.name}.part"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            shape = (len(files), height, width, channels)
            images = np.lib.format.open_memmap(partial / "images.npy", mode="w+", dtype=np.uint8, shape=shape)
            _decode_all(name, files, images, crop)
            images.flush()
            del images
            partial.rename(folder)
    return Prepared(np.load(folder / "images.npy", mmap_mode="r"), folder)


def decode(path: Path, shape: Shape, crop: bool) -> NDArray[np.uint8]:
    """Return one file as uint8 (H, W, C), resized by Pillow's antialiased bilinear filter.

    Raises:
        ZooError: it is not an image that can be decoded.
    """
    from PIL import Image, UnidentifiedImageError

    height, width, channels = shape
    try:
        with Image.open(path) as opened:
            image = opened.convert("L" if channels == 1 else "RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise ZooError(f"{path}: not an image that can be decoded: {error}") from error
    if crop:
        scale = max(height / image.height, width / image.width) * CROPPED_FROM
        size = (round(image.width * scale), round(image.height * scale))
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        image = image.resize(size, Image.Resampling.BILINEAR).crop((left, top, left + width, top + height))
    else:
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def _decode_all(name: str, files: Sequence[Path], images: NDArray[np.uint8], crop: bool) -> None:
    def one(index: int) -> None:
        images[index] = decode(files[index], images.shape[1:], crop)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done, _ in enumerate(pool.map(one, range(len(files))), start=1):
            if done % _SAY_EVERY == 0 or done == len(files):
                print(f"{name}: {done} of {len(files)} images prepared", file=sys.stderr, flush=True)


def _key(files: Sequence[Path], input_shape: Shape, crop: bool) -> str:
    listed = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    content = json.dumps([_VERSION, listed, input_shape, crop]).encode()
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Let one worker prepare while the others wait for what it makes."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

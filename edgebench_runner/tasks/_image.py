"""What every task of images does first: resize, scale, normalise."""

from typing import Any, Dict, Optional, Tuple

import numpy as np


class Preparation(object):
    """From an image to the tensor of one artifact, in buffers allocated once.

    An image that does not have the artifact's size is resized (bilinear with half-pixel centres and no
    antialiasing, or nearest), then ``(image * scale - mean) / std`` per channel in float32.
    """

    row: Any = None

    def __init__(self, artifact: Dict, labelled: Optional[str] = None) -> None:
        preprocess = artifact["preprocess"]
        self.height, self.width = preprocess["size"]
        self._resize = _RESIZERS[preprocess.get("resize", "bilinear")]
        std = np.asarray(preprocess["std"], np.float32)
        self._gain = np.float32(preprocess["scale"]) / std
        self._offset = np.asarray(preprocess["mean"], np.float32) / std
        self._batch = np.empty(artifact["input"]["shape"], np.float32)
        image = self._batch[0]
        self._image = image.transpose(1, 2, 0) if artifact["input"]["layout"] == "NCHW" else image

    def prepare(self, image: Any) -> Any:
        """Turn a uint8 image (H, W, C) into the float32 batch of one, which is reused by the next call."""
        if image.shape[:2] != (self.height, self.width):
            image = self._resize(image, self.height, self.width)
        np.multiply(image, self._gain, out=self._image)
        np.subtract(self._image, self._offset, out=self._image)
        return self._batch


def _nearest(image: Any, height: int, width: int) -> Any:
    rows = (np.arange(height) * image.shape[0] // height)[:, None]
    return image[rows, np.arange(width) * image.shape[1] // width]


def _bilinear(image: Any, height: int, width: int) -> Any:
    top, bottom, down = _taps(image.shape[0], height)
    left, right, across = _taps(image.shape[1], width)
    across, down = across[:, None], down[:, None, None]
    pixels = image.astype(np.float32)
    upper = pixels[top][:, left] * (1 - across) + pixels[top][:, right] * across
    lower = pixels[bottom][:, left] * (1 - across) + pixels[bottom][:, right] * across
    return upper * (1 - down) + lower * down


def _taps(source: int, target: int) -> Tuple[Any, Any, Any]:
    centres = (np.arange(target, dtype=np.float32) + 0.5) * (source / target) - 0.5
    centres = centres.clip(0, source - 1)
    first = np.floor(centres).astype(int)
    return first, np.minimum(first + 1, source - 1), (centres - first).astype(np.float32)


_RESIZERS = {"bilinear": _bilinear, "nearest": _nearest}

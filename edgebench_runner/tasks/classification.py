"""Image classification: resize, scale, normalise; softmax and the five best classes."""

from typing import Any, Dict, List, Tuple

import numpy as np

TOP = 5


class Task(object):
    """Pre- and post-processing of one artifact, in buffers allocated once.

    An image that does not have the artifact's size is resized (bilinear with half-pixel centres and no
    antialiasing, or nearest), then ``(image * scale - mean) / std`` per channel in float32.
    """

    def __init__(self, artifact: Dict) -> None:
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

    def finish(self, output: Any) -> List[int]:
        """Turn logits (1, classes) into the classes of the five largest probabilities, best first."""
        return best_classes(softmax(output.reshape(-1)))


def softmax(logits: Any) -> Any:
    """Return the probabilities of logits (classes,)."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def best_classes(probabilities: Any) -> List[int]:
    """Return the indices of the five largest of (classes,), best first; a tie goes to the lower index."""
    return np.argsort(-probabilities, kind="stable")[:TOP].tolist()


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

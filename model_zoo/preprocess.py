"""From a uint8 image to a model's input: the same arithmetic as the runner's, driven by the same record."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Preprocess:
    """``(image * scale - mean) / std`` after resizing to ``size`` (height, width), by channel."""

    size: tuple[int, int]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def record(self) -> dict[str, Any]:
        """Return the record that travels with the artifact."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    def apply(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn uint8 images (n, H, W, C) of exactly ``size`` into float32 (n, C, H, W).

        Raises:
            ValueError: the images have another size.
        """
        if images.shape[1:3] != self.size:
            raise ValueError(f"images are {images.shape[1:3]}, the model takes {self.size}")
        scaled = images.astype(np.float32) * np.float32(self.scale)
        normal = (scaled - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        return np.ascontiguousarray(normal.transpose(0, 3, 1, 2))


PRESETS: dict[str, tuple[float, tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": (1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": (1 / 255, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": (1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "byte": (1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "digits": (1 / 255, (0.3053,), (0.3760,)),
}
"""Named scale, mean and std. ``digits``: mean and deviation of the training split of the digits."""

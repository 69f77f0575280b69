"""Semantic segmentation: resize, scale, normalise; the most likely class of every pixel."""

from typing import Any

import numpy as np

from edgebench_runner.tasks._image import Preparation


class Task(Preparation):
    """Pre- and post-processing of one artifact.

    Attributes:
        found: the last answer, uint8 (H, W): the class of every pixel.
    """

    found: Any = None

    def finish(self, output: Any) -> None:
        """Turn logits (1, classes, H, W) into the class of every pixel; the records have no room for it."""
        self.found = output[0].argmax(axis=0).astype(np.uint8)

"""Semantic segmentation: resize, scale, normalise; the most likely class of every pixel."""

from typing import Any, Dict, Optional

import numpy as np

from edgebench_runner.dataset import mapped_array
from edgebench_runner.errors import LoadFailedError
from edgebench_runner.tasks._image import Preparation

TRUTH = "segments.npy"
"""In a labelled data set: uint8 (n, H, W), the class of every pixel of the image as the network sees it; 255: none."""


class Task(Preparation):
    """Pre- and post-processing of one artifact.

    Attributes:
        row: how many pixels of each true class (rows) were given each class (columns), (classes, classes), flat. The
            classes themselves would fill a board's storage.
    """

    def __init__(self, artifact: Dict, labelled: Optional[str] = None) -> None:
        super(Task, self).__init__(artifact)
        self._classes = artifact.get("output_shape", [1, 0])[1]
        self.row = ("<i4", self._classes**2)
        self._truth: Any = mapped_array(labelled, TRUTH) if labelled else None

    def finish(self, output: Any) -> Any:
        """Turn logits (1, classes, H, W) into the class of every pixel, uint8 (H, W)."""
        return output[0].argmax(axis=0).astype(np.uint8)

    def keep(self, row: Any, item: int, answer: Any) -> None:
        """Write the confusion matrix of one image into a row of int32."""
        truth = self._truth[item]
        if truth.shape != answer.shape:
            line = "segments are {}, the network answers {}"
            raise LoadFailedError(line.format(truth.shape, answer.shape))
        counted = truth < self._classes
        pairs = truth[counted].astype(np.int32) * self._classes + answer[counted]
        row[:] = np.bincount(pairs, minlength=self._classes**2)

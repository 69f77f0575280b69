"""Object detection: resize, scale, normalise; boxes from the raw predictions, and non-maximum suppression."""

from collections import namedtuple
from typing import Any, Dict, Optional

import numpy as np

from edgebench_runner.tasks import _boxes
from edgebench_runner.tasks._image import Preparation

CANDIDATES, KEPT = 1000, 100
"""How many of the best pairs of box and class are suppressed against one another, and how many are answered."""
VALUES = 6

Detections = namedtuple("Detections", "boxes scores classes")
"""Best first: corners (n, 4) as left, top, right, bottom in pixels of the input, scores (n,), classes (n,)."""


class Task(Preparation):
    """Pre- and post-processing of one artifact, whose ``postprocess`` says what its output means.

    Attributes:
        row: how many boxes, then of each left, top, right, bottom in pixels of the input, score and class.
    """

    row = ("<f4", 1 + KEPT * VALUES)

    def __init__(self, artifact: Dict, labelled: Optional[str] = None) -> None:
        super(Task, self).__init__(artifact)
        settings = artifact["postprocess"]
        self._decode = _boxes.decoder(settings, self.height, self.width)
        self._score_threshold = settings["score_threshold"]
        self._iou_threshold = settings["iou_threshold"]

    def finish(self, output: Any) -> Detections:
        """Turn the table (1, predictions, values) into detections."""
        corners, scores = self._decode(output[0])
        return detections(corners, scores, self._score_threshold, self._iou_threshold)

    def keep(self, row: Any, item: int, answer: Detections) -> None:
        """Write detections into a row of float32."""
        row[0] = len(answer.scores)
        table = row[1:].reshape(KEPT, VALUES)[: len(answer.scores)]
        table[:, :4], table[:, 4], table[:, 5] = answer


def detections(corners: Any, scores: Any, score_threshold: float, iou_threshold: float) -> Detections:
    """Keep of all pairs of box and class those that are likely, and of the boxes of a class that overlap the best.

    Args:
        corners: (n, 4) left, top, right, bottom.
        scores: (n, classes), 0 to 1.
        score_threshold: what a score must exceed.
        iou_threshold: intersection over union that a box may have with a better one of its class.
    """
    rows, classes = np.nonzero(scores > score_threshold)
    likely = scores[rows, classes]
    order = np.argsort(-likely, kind="stable")[:CANDIDATES]
    boxes, likely, classes = corners[rows[order]], likely[order], classes[order]
    kept = suppress(boxes, classes, iou_threshold)[:KEPT]
    return Detections(boxes[kept], likely[kept], classes[kept])


def suppress(boxes: Any, classes: Any, iou_threshold: float) -> Any:
    """Return the indices of the boxes, given best first, that overlap no better one of their class too much."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left, kept = np.arange(len(boxes)), []
    while len(left):
        best, rest = left[0], left[1:]
        kept.append(best)
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        size = (np.minimum(boxes[best, 2:], boxes[rest, 2:]) - corner).clip(0)
        common = size[:, 0] * size[:, 1]
        union = areas[best] + areas[rest] - common
        left = rest[(common <= iou_threshold * union) | (classes[rest] != classes[best])]
    return np.array(kept, dtype=int)

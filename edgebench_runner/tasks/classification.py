"""Image classification: resize, scale, normalise; softmax and the five best classes."""

from typing import Any, List

import numpy as np

from edgebench_runner.tasks._image import Preparation

TOP = 5


class Task(Preparation):
    """Pre- and post-processing of one artifact, in buffers allocated once."""

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

"""Does an artifact give the answers of its source? Differences, agreement, accuracy where labelled."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.dataset import Dataset
from model_zoo.model import Model

Floats = NDArray[np.float32]
Infer = Callable[[Floats], Floats]
N_IMAGES, N_CHECK = 20, 4
RANDOM_SEED = 20230402


@dataclass(frozen=True)
class Tolerance:
    """Passed: every |difference| <= atol + rtol * |source|, and at least this share of equal best classes."""

    atol: float
    rtol: float
    top1_agreement: float


@dataclass(frozen=True)
class Reference:
    """Inputs and what the source network answers to them.

    Attributes:
        inputs: (1 + 20, C, H, W): a random input (standard normal), then the held-out images.
        outputs: (1 + 20, ...): the source's first output for each.
    """

    inputs: Floats
    outputs: Floats

    def check_pairs(self) -> tuple[Floats, Floats]:
        """Return the few pairs that travel with the artifact: a random input and three images."""
        return self.inputs[:N_CHECK], self.outputs[:N_CHECK]


def reference(source: Infer, model: Model, dataset: Dataset) -> Reference:
    """Ask the source for its answers, one input at a time.

    Raises:
        ValueError: the source's answers are not finite or are all the same: nothing could be verified.
    """
    random = np.random.default_rng(RANDOM_SEED).standard_normal(model.input_shape, np.float32)
    inputs = np.concatenate([random, model.preprocess.apply(dataset.held_out[:N_IMAGES])])
    outputs = run(source, inputs)
    if not np.isfinite(outputs).all():
        raise ValueError(f"{model.name}: the source gives answers that are not finite")
    if np.ptp(outputs, axis=0).max() == 0:
        raise ValueError(f"{model.name}: the source gives the same answer to every input")
    return Reference(inputs, outputs)


def run(infer: Infer, inputs: Floats) -> Floats:
    """Return the outputs (n, ...) for inputs (n, C, H, W), in batches of one, as the boards do."""
    return np.concatenate([infer(inputs[i : i + 1]) for i in range(len(inputs))])


def verify(infer: Infer, expected: Reference, tolerance: Tolerance, task: str) -> dict[str, Any]:
    """Compare an artifact with its source and return the record's ``verification``, without accuracy."""
    found = run(infer, expected.inputs)
    if found.shape != expected.outputs.shape:
        raise ValueError(f"the artifact's output is {found.shape}, its source's {expected.outputs.shape}")
    difference = np.abs(found - expected.outputs)
    allowed = tolerance.atol + tolerance.rtol * np.abs(expected.outputs)
    agreement = top1_agreement(found[1:], expected.outputs[1:]) if task == "classification" else None
    agrees = agreement is None or agreement >= tolerance.top1_agreement
    return {
        "passed": agrees and bool((difference <= allowed).all()),
        "tolerance": asdict(tolerance),
        "random": _differences(difference[:1]),
        "images": {"n": len(found) - 1, **_differences(difference[1:]), "top1_agreement": agreement},
        "accuracy": None,
    }


def top1_agreement(found: Floats, expected: Floats) -> float:
    """Return the share of rows (n, classes) whose largest value is in the same place."""
    return float(np.mean(found.argmax(axis=1) == expected.argmax(axis=1)))


def accuracy(infer: Infer, model: Model, dataset: Dataset) -> dict[str, Any] | None:
    """Return top-1 over the measured images of a labelled data set, or None where there are no labels."""
    if dataset.labels is None or model.task != "classification":
        return None
    outputs = run(infer, model.preprocess.apply(dataset.images))
    correct = outputs.argmax(axis=1) == dataset.labels
    return {"top1": float(correct.mean()), "n": len(correct), "dataset": dataset.name}


def _differences(difference: Floats) -> dict[str, float]:
    return {"max_abs_diff": float(difference.max()), "mean_abs_diff": float(difference.mean())}

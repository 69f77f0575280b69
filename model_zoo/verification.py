"""Does an artifact give the answers of its source? Differences, agreement, accuracy where labelled."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.dataset import Dataset
from model_zoo.errors import UnsupportedError
from model_zoo.model import Model

Floats = NDArray[np.float32]
Infer = Callable[[Floats], Floats]
N_IMAGES, N_CHECK = 20, 4
N_ACCURACY = 1000
"""Images whose accuracy is taken at build time; over all of them it is measured on the boards."""
CHECK_BYTES = 32 << 20
"""What travels with an artifact so that a board can check it stays below this, but is one pair at least."""
RANDOM_SEED = 20230402


@dataclass(frozen=True)
class Tolerance:
    """How far an artifact may be from its source.

    Attributes:
        atol, rtol: every |difference| <= atol + rtol * |source|.
        correlation: at least this coefficient of correlation (Pearson) between all outputs.
        top1_agreement: at least this share of equal best classes; not asked of random weights, whose best classes
            differ by less than a reduced precision can tell.
        share: of all values, those that the first line is asked of: every one of a thousand classes.
    """

    atol: float
    rtol: float
    correlation: float
    top1_agreement: float
    share: float = 1.0


SEEDED_ATOL = 1e-2
"""At least this much is allowed where weights are random by seed: their answers are brought to unit deviation by the
last layer, which enlarges the rounding of all layers before it (ResNet-152: 0.005, at a correlation of 0.99999997)."""


DENSE_SHARE, SEEDED_SHARE = 0.999, 0.99
"""Detectors, heat maps and masks answer with millions of values; the furthest of so many is the tail of the rounding
(YOLOX tiny in fp16: ten values of a million). Random weights lengthen that tail (Inception v3 in int8: two values of a
thousand). A wrong layer moves most values."""


def allowed(tolerance: Tolerance, weights: str, task: str) -> Tolerance:
    """Return a variant's tolerance for a network whose weights are of this kind, and which answers this task."""
    share = tolerance.share if task == "classification" else DENSE_SHARE
    if weights != "seeded_random":
        return replace(tolerance, share=share)
    return replace(tolerance, atol=max(tolerance.atol, SEEDED_ATOL), share=min(share, SEEDED_SHARE))


@dataclass(frozen=True)
class Reference:
    """Inputs and what the source network answers to them.

    Attributes:
        inputs: (1 + 20, C, H, W): random pixels, then the held-out images.
        outputs: (1 + 20, ...): the source's first output for each.
    """

    inputs: Floats
    outputs: Floats

    def check_pairs(self) -> tuple[Floats, Floats]:
        """Return the few pairs that travel with the artifact: a random input and three images."""
        pair_bytes = self.inputs[0].nbytes + self.outputs[0].nbytes
        count = max(1, min(N_CHECK, CHECK_BYTES // pair_bytes))
        return self.inputs[:count], self.outputs[:count]


def reference(source: Infer, model: Model, dataset: Dataset) -> Reference:
    """Ask the source for its answers, one input at a time.

    Raises:
        ValueError: the source's answers are not finite or are all the same: nothing could be verified.
    """
    _, channels, height, width = model.input_shape
    random = np.random.default_rng(RANDOM_SEED).integers(0, 256, (1, height, width, channels), np.uint8)
    inputs = model.preprocess.apply(np.concatenate([random, dataset.held_out[:N_IMAGES]]))
    outputs = run(source, inputs)
    if not np.isfinite(outputs).all():
        raise ValueError(f"{model.name}: the source gives answers that are not finite")
    if np.ptp(outputs, axis=0).max() == 0:
        raise ValueError(f"{model.name}: the source gives the same answer to every input")
    return Reference(inputs, outputs)


def run(infer: Infer, inputs: Floats) -> Floats:
    """Return the outputs (n, ...) for inputs (n, C, H, W), in batches of one, as the boards do."""
    return np.concatenate([infer(inputs[i : i + 1]) for i in range(len(inputs))])


def verify(
    infer: Infer, expected: Reference, tolerance: Tolerance, model: Model, weights: str
) -> dict[str, Any]:
    """Compare an artifact with its source and return the record's ``verification``, without accuracy."""
    found = run(infer, expected.inputs)
    if found.size != expected.outputs.size:
        raise UnsupportedError(f"the file's output is {found.shape}, its source's {expected.outputs.shape}")
    found = found.reshape(expected.outputs.shape)  # some formats write no batch, or an output flat
    difference = np.abs(found - expected.outputs)
    allowed = tolerance.atol + tolerance.rtol * np.abs(expected.outputs)
    agreement = top1_agreement(found[1:], expected.outputs[1:]) if model.task == "classification" else None
    correlation = _correlation(found, expected.outputs)
    agrees = agreement is None or weights == "seeded_random" or agreement >= tolerance.top1_agreement
    within = float((difference <= allowed).mean())
    close = within >= tolerance.share and correlation >= tolerance.correlation
    return {
        "passed": agrees and close,
        "tolerance": asdict(tolerance),
        "random": _differences(difference[:1]),
        "images": {"n": len(found) - 1, **_differences(difference[1:]), "top1_agreement": agreement},
        "within": within,
        "correlation": correlation,
        "accuracy": None,
    }


def top1_agreement(found: Floats, expected: Floats) -> float:
    """Return the share of rows (n, classes) whose largest value is in the same place."""
    return float(np.mean(found.argmax(axis=1) == expected.argmax(axis=1)))


def accuracy(infer: Infer, model: Model, dataset: Dataset) -> dict[str, Any] | None:
    """Return top-1 and mean cross-entropy over the first measured images, or None where there are no labels."""
    if dataset.labels is None or model.task != "classification":
        return None
    images, labels = dataset.images[:N_ACCURACY], dataset.labels[:N_ACCURACY]
    outputs = np.concatenate([infer(model.preprocess.apply(images[i : i + 1])) for i in range(len(images))])
    correct = outputs.argmax(axis=1) == labels
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    log_likelihood = shifted[np.arange(len(shifted)), labels] - np.log(np.exp(shifted).sum(axis=1))
    return {
        "top1": float(correct.mean()),
        "loss": float(-log_likelihood.mean()),
        "n": len(correct),
        "dataset": dataset.name,
    }


def _correlation(found: Floats, expected: Floats) -> float:
    """Return the coefficient of Pearson over all values, summed image by image: detectors answer with millions."""
    centre_found, centre_expected = (np.mean(values, dtype=np.float64) for values in (found, expected))
    products = np.zeros(3)
    for a, b in zip(found, expected, strict=True):
        x, y = a.ravel() - centre_found, b.ravel() - centre_expected
        products += (x @ y, x @ x, y @ y)
    return float(products[0] / np.sqrt(products[1] * products[2]))


def _differences(difference: Floats) -> dict[str, float]:
    return {"max_abs_diff": float(difference.max()), "mean_abs_diff": float(difference.mean())}

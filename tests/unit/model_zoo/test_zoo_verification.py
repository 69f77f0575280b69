"""What verification passes, what it fails, and what it refuses to judge."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_zoo import catalogue, dataset, verification
from model_zoo.verification import Floats, Reference, Tolerance

MODEL = catalogue.load()["digits_cnn"]
EXACT = Tolerance(atol=1e-3, rtol=0, correlation=0.99, top1_agreement=1.0)
WEIGHTS = np.random.default_rng(0).standard_normal((64, 10)).astype(np.float32)


def source(batch: Floats) -> Floats:
    return batch.reshape(len(batch), -1) @ WEIGHTS


@pytest.fixture(scope="module")
def digits() -> dataset.Dataset:
    return dataset.load("digits")


@pytest.fixture(scope="module")
def expected(digits: dataset.Dataset) -> Reference:
    return verification.reference(source, MODEL, digits)


def test_the_same_answers_pass(expected: Reference) -> None:
    record = verification.verify(source, expected, EXACT, MODEL, "trained")
    assert record["passed"]
    assert record["images"] == {"n": 20, "max_abs_diff": 0.0, "mean_abs_diff": 0.0, "top1_agreement": 1.0}


def test_one_value_beyond_the_tolerance_fails(expected: Reference) -> None:
    def off(batch: Floats) -> Floats:
        answer = source(batch)
        answer[0, 3] += 0.01 * (batch == expected.inputs[7:8]).all()
        return answer

    record = verification.verify(off, expected, EXACT, MODEL, "trained")
    assert not record["passed"]
    assert record["images"]["max_abs_diff"] == pytest.approx(0.01, rel=1e-2)
    assert record["random"]["max_abs_diff"] == 0


def test_transposed_images_fail(expected: Reference) -> None:
    turned = verification.verify(lambda b: source(b.transpose(0, 1, 3, 2)), expected, EXACT, MODEL, "trained")
    assert not turned["passed"]


def test_agreement_is_asked_of_trained_weights_and_not_of_random_ones(expected: Reference) -> None:
    loose = Tolerance(atol=1e9, rtol=0, correlation=-1.0, top1_agreement=0.9)

    def other(batch: Floats) -> Floats:
        return -source(batch)

    assert not verification.verify(other, expected, loose, MODEL, "trained")["passed"]
    assert verification.verify(other, expected, loose, MODEL, "seeded_random")["passed"]


@pytest.mark.parametrize("constant", [1.0, np.nan, np.inf])
def test_a_source_that_says_nothing_is_refused(digits: dataset.Dataset, constant: float) -> None:
    with pytest.raises(ValueError, match=r"not finite|same answer"):
        verification.reference(lambda batch: np.full((1, 10), constant, np.float32), MODEL, digits)


def test_accuracy_is_over_the_measured_images_only(digits: dataset.Dataset) -> None:
    assert digits.labels is not None
    answers = iter(np.eye(10, dtype=np.float32)[digits.labels] * 50)
    record = verification.accuracy(lambda batch: next(answers)[np.newaxis], MODEL, digits)
    assert record is not None
    assert (record["top1"], record["n"]) == (1.0, 340)
    assert record["loss"] == pytest.approx(0, abs=1e-6)


def test_no_labels_no_accuracy() -> None:
    assert verification.accuracy(source, MODEL, dataset.load("synthetic_8")) is None


def test_the_three_parts_of_a_data_set_are_disjoint(digits: dataset.Dataset) -> None:
    parts = [{image.tobytes() for image in p} for p in (digits.images, digits.held_out)]
    from model_zoo.datasets.digits import split

    training, test = split()
    assert len(training[0]) + len(test[0]) == 1797
    assert len(digits.images) + len(digits.held_out) == len(test[0])
    assert not parts[0] & parts[1]


def test_synthetic_images_are_the_same_every_time_and_differ_from_each_other() -> None:
    first, again = dataset.load("synthetic_32"), dataset.load("synthetic_32")
    assert np.array_equal(first.images, again.images)
    means = first.images.mean(axis=(1, 2))
    assert means.std(axis=0).min() > 20
    assert first.images.dtype == np.uint8


def test_preprocessing_is_scale_then_mean_then_deviation() -> None:
    image = np.full((1, 8, 8, 1), 255, np.uint8)
    assert MODEL.preprocess.apply(image) == pytest.approx((1 - 0.3053) / 0.3760, rel=1e-6)
    with pytest.raises(ValueError, match="the model takes"):
        MODEL.preprocess.apply(np.zeros((1, 9, 8, 1), np.uint8))


def test_an_unknown_data_set_names_the_valid_ones(tmp_path: Path) -> None:
    from model_zoo.errors import ZooError

    with pytest.raises(
        ZooError, match=r"unknown 'imagenot'; valid: coco, .*digits, folder-<name>, imagenet, "
    ):
        dataset.load("imagenot")


def test_random_weights_are_allowed_their_rounding_and_others_are_not() -> None:
    from model_zoo.variants import fp16, fp32

    assert verification.allowed(fp32.TOLERANCE, "pretrained", "classification") == fp32.TOLERANCE
    widened = verification.allowed(fp32.TOLERANCE, "seeded_random", "classification")
    assert (widened.atol, widened.share, widened.correlation) == (0.01, 0.99, fp32.TOLERANCE.correlation)
    assert verification.allowed(fp16.TOLERANCE, "seeded_random", "pose").atol == fp16.TOLERANCE.atol


def few_off(expected: Reference, count: int) -> dict[str, object]:
    """Verify a detector of 100 000 values an image, of which this many in all are far off."""
    dense = Reference(expected.inputs, np.repeat(expected.outputs, 10_000, axis=1))
    answers = dense.outputs.copy()
    answers.ravel()[:count] += 0.01
    left = iter(answers)
    tolerance = verification.allowed(EXACT, "trained", "detection")
    detector = replace(MODEL, task="detection")
    return verification.verify(lambda batch: next(left)[np.newaxis], dense, tolerance, detector, "trained")


def test_the_tail_of_millions_of_values_is_allowed_and_more_of_them_is_not(expected: Reference) -> None:
    assert few_off(expected, 2100)["passed"]  # 21 answers of 100 000 values
    beyond = few_off(expected, 2101)
    assert not beyond["passed"]
    assert beyond["within"] == pytest.approx(1 - 2101 / 2_100_000, abs=1e-9)


def test_every_class_is_held_to_the_tolerance() -> None:
    assert verification.allowed(EXACT, "trained", "classification").share == 1.0

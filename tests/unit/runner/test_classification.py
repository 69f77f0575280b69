"""Pre- and post-processing against a plain reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench_runner.tasks import _image, classification

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def task(height=4, width=6, layout="NCHW", **preprocess):
    shape = [1, 3, height, width] if layout == "NCHW" else [1, height, width, 3]
    return classification.Task(
        {
            "input": {"shape": shape, "layout": layout},
            "preprocess": {"size": [height, width], "scale": 1 / 255, "mean": MEAN, "std": STD, **preprocess},
        }
    )


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_scale_and_normalise_per_channel(layout):
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    expected = ((image / 255 - MEAN) / STD).astype(np.float32)
    if layout == "NCHW":
        expected = expected.transpose(2, 0, 1)
    found = task(layout=layout).prepare(image)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected[None], atol=1e-5)


def test_batch_is_allocated_once():
    stages = task()
    image = np.zeros((4, 6, 3), np.uint8)
    assert stages.prepare(image) is stages.prepare(image)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_constant_image_stays_constant_when_resized(mode, height, width):
    resize = _image._RESIZERS[mode]
    assert np.unique(resize(np.full((height, width, 3), 77, np.uint8), 4, 6)).tolist() == [77]


def test_bilinear_matches_the_framework():
    torch = pytest.importorskip("torch")
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    planes = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1)[None])
    expected = torch.nn.functional.interpolate(planes, (4, 6), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(_image._bilinear(image, 4, 6), expected[0].permute(1, 2, 0), atol=1e-3)


def test_nearest_picks_pixels():
    image = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
    assert _image._nearest(image, 4, 4)[..., 0].tolist() == [[0, 0, 1, 1]] * 2 + [[2, 2, 3, 3]] * 2


def test_five_best_classes_best_first_and_fewer_where_there_are_fewer():
    stages = task()
    assert stages.finish(np.array([[0.1, 9, 3, 4, 5, 6, 2]], np.float32)) == [1, 5, 4, 3, 2]
    assert stages.finish(np.array([[1.0, 2.0]], np.float32)) == [1, 0]
    assert classification.best_classes(np.zeros(9)) == [0, 1, 2, 3, 4]


def test_softmax_sums_to_one_even_for_large_logits():
    probabilities = classification.softmax(np.array([1000.0, 999.0, -1000.0]))
    assert probabilities.sum() == pytest.approx(1.0)
    assert probabilities[0] == pytest.approx(1 / (1 + np.exp(-1)))

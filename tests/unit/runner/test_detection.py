"""Detection: boxes out of raw predictions, and suppression, against slow oracles written apart from them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebench_runner.tasks import _boxes, detection

SIZE = 64


def artifact(**postprocess):
    return {
        "input": {"shape": [1, 3, SIZE, SIZE], "layout": "NCHW"},
        "preprocess": {"size": [SIZE, SIZE], "scale": 1.0, "mean": [0.0] * 3, "std": [1.0] * 3},
        "postprocess": {"score_threshold": 0.3, "iou_threshold": 0.5, **postprocess},
    }


def overlap(a, b):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / area if area else 0.0


def slow_suppression(boxes, classes, threshold):
    kept = []
    for i in range(len(boxes)):
        if all(classes[i] != classes[k] or overlap(boxes[k], boxes[i]) <= threshold for k in kept):
            kept.append(i)
    return kept


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 9)] * 2, st.integers(0, 2)), max_size=25)
)
def test_suppression_keeps_what_a_slow_one_keeps(rows):
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in rows], float).reshape(-1, 4)
    classes = np.array([row[4] for row in rows], int)
    assert detection.suppress(boxes, classes, 0.5).tolist() == slow_suppression(boxes, classes, 0.5)


def test_only_likely_pairs_of_box_and_class_are_answered_best_first():
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]], float)
    scores = np.array([[0.9, 0.0], [0.8, 0.6], [0.2, 0.95]])
    found = detection.detections(corners, scores, 0.3, 0.5)
    assert found.scores.tolist() == [0.95, 0.9, 0.6]
    assert found.classes.tolist() == [1, 0, 1]
    assert found.boxes[:, 0].tolist() == [40, 0, 1]


def test_nothing_likely_is_no_detection():
    found = detection.detections(np.zeros((3, 4)), np.zeros((3, 2)), 0.3, 0.5)
    assert found.boxes.shape == (0, 4) and found.scores.shape == (0,)


def logistic(value):
    return 1 / (1 + math.exp(-value))


ANCHORS = [[[4, 6], [8, 10]], [[16, 20], [30, 40]]]
STRIDES = [16, 32]


def slow_boxes(kind, table):
    """Decode prediction by prediction: by map, anchor, row and column."""
    values = iter(table)
    for stride, anchors in zip(STRIDES, ANCHORS, strict=True):
        for anchor_w, anchor_h in anchors if kind != "yolox" else [(stride, stride)]:
            for row in range(SIZE // stride):
                for column in range(SIZE // stride):
                    x, y, w, h, sure, *classes = next(values).tolist()
                    if kind == "yolov5":
                        centre = 2 * logistic(x) - 0.5 + column, 2 * logistic(y) - 0.5 + row
                        size = (2 * logistic(w)) ** 2 * anchor_w, (2 * logistic(h)) ** 2 * anchor_h
                    else:
                        inside = (lambda value: value) if kind == "yolox" else logistic
                        centre = inside(x) + column, inside(y) + row
                        size = math.exp(w) * anchor_w, math.exp(h) * anchor_h
                    if kind == "yolov2":
                        total = sum(math.exp(value) for value in classes)
                        likely = [math.exp(value) / total for value in classes]
                    else:
                        likely = [logistic(value) for value in classes]
                    left, top = centre[0] * stride - size[0] / 2, centre[1] * stride - size[1] / 2
                    yield (left, top, left + size[0], top + size[1]), [logistic(sure) * p for p in likely]


@pytest.mark.parametrize("kind", ["yolov2", "yolov3", "yolov5", "yolox"])
def test_grids_are_decoded_as_one_by_one(kind):
    per_cell = 1 if kind == "yolox" else 2
    n = per_cell * sum((SIZE // stride) ** 2 for stride in STRIDES)
    table = np.random.default_rng(3).normal(size=(n, 8)).astype(np.float32)
    decode = _boxes.decoder({"boxes": kind, "strides": STRIDES, "anchors": ANCHORS}, SIZE, SIZE)
    corners, scores = decode(table)
    expected = list(slow_boxes(kind, table))
    np.testing.assert_allclose(corners, [box for box, _ in expected], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(scores, [likely for _, likely in expected], rtol=1e-4, atol=1e-6)


def test_ssd_boxes_are_those_of_torchvision():
    torch = pytest.importorskip("torch")
    from model_zoo import torch_setup

    torch_setup.define_torchvision_operators()
    from torchvision.models.detection._utils import BoxCoder
    from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
    from torchvision.models.detection.image_list import ImageList

    sizes, size = [20, 10, 5, 3, 2, 1], 320
    generator = DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95)
    maps = [torch.zeros(1, 1, s, s) for s in sizes]
    priors = generator(ImageList(torch.zeros(1, 3, size, size), [(size, size)]), maps)[0]
    table = torch.randn(len(priors), 4 + 91, generator=torch.Generator().manual_seed(1))
    expected = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0)).decode_single(table[:, :4], priors)
    likely = torch.softmax(table[:, 4:], dim=1)
    post = {
        "boxes": "ssd",
        "sizes": sizes,
        "scales": [0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0],
        "aspect_ratios": [2, 3],
    }
    corners, scores = _boxes.decoder(post, size, size)(table.numpy())
    np.testing.assert_allclose(corners, expected.numpy(), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(scores[:, 1:], likely[:, 1:].numpy(), rtol=1e-4, atol=1e-6)
    assert not scores[:, 0].any()


def test_the_task_finds_the_one_object_of_a_table():
    task = detection.Task(artifact(boxes="decoded"))
    table = np.zeros((1, 5, 5 + 3), np.float32)
    table[0, 2] = [30, 20, 10, 8, 0.9, 0, 1, 0]
    found = task.finish(table)
    assert found.boxes.tolist() == [[25, 16, 35, 24]]
    assert found.classes.tolist() == [1]
    assert task.prepare(np.zeros((10, 12, 3), np.uint8)).shape == (1, 3, SIZE, SIZE)

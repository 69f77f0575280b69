"""Average precision and mean IoU of made-up answers whose figures are known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import found
from analysis.cells import Cell
from analysis.labels import Accuracy, LabelSource

SIZES = np.array([[300, 400], [200, 100], [480, 640]], np.int32)
INPUT = (200, 100)
DIGEST = "d" * 64
ONE = pytest.approx(1)


def truth(objects: list[tuple[int, int, tuple[float, ...]]], **more: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a data set, of (image, category, box)."""
    box = np.array([box for _, _, box in objects], np.float64).reshape(-1, 4)
    return {
        "sizes": SIZES,
        "object_item": np.array([item for item, _, _ in objects], np.int32),
        "object_category": np.array([category for _, category, _ in objects], np.int32),
        "object_box": box,
        "object_area": box[:, 2] * box[:, 3],
        "object_crowd": np.zeros(len(objects), np.uint8),
        **more,
    }


def boxes(*answers: list[tuple[tuple[float, ...], float, int]]) -> np.ndarray:
    """Return ``found.npy`` of (left, top, right, bottom), score, class by image."""
    rows = np.full((len(answers), 601), -1, np.float32)
    for row, answer in zip(rows, answers, strict=True):
        row[0] = len(answer)
        for place, (corners, score, label) in enumerate(answer):
            row[1 + 6 * place : 7 + 6 * place] = [*corners, score, label]
    return rows


def a_cell(
    folder: Path, rows: np.ndarray | None, known: dict[str, np.ndarray], task: str, **record: Any
) -> tuple[Cell, LabelSource]:
    folder.mkdir(exist_ok=True)
    if rows is not None:
        np.save(folder / "found.npy", rows)
    artifact = {"preprocess": {"size": list(INPUT)}, "postprocess": {"labels": "coco80"}}
    (folder / "spec.json").write_text(json.dumps({"schema": "edgebench/cell_spec/1", "artifact": artifact}))
    (folder / DIGEST).mkdir(exist_ok=True)
    np.savez(folder / DIGEST / "truth.npz", **known)
    dataset = {"name": "coco", "sha256": DIGEST, "labels": True}
    whole = {"task": task, "weights": "pretrained", "dataset": dataset, **record}
    return Cell({}, record=whole, directory=folder), LabelSource([folder])


def figures(folder: Path, *arguments: Any, **record: Any) -> Accuracy:
    return found.accuracy(*a_cell(folder / "cell", *arguments, **record))


# In images of 400 x 300, 100 x 200 and 640 x 480 pixels, seen as 100 x 200.
PERSON, CAR = 1, 3
OBJECTS = [
    (0, PERSON, (40.0, 30.0, 200.0, 150.0)),
    (0, CAR, (0.0, 0.0, 40.0, 300.0)),
    (1, PERSON, (10.0, 20.0, 30.0, 40.0)),
]
PERFECT = [
    [((10, 20, 60, 120), 0.9, 0), ((0, 0, 10, 200), 0.8, 2)],
    [((10, 20, 40, 60), 0.7, 0)],
    [],
]


def test_perfect_boxes_are_worth_1_in_images_of_any_size(tmp_path: Path) -> None:
    found = figures(tmp_path, boxes(*PERFECT), truth(OBJECTS), "detection")
    assert (found.map, found.map50) == (ONE, ONE)
    assert (found.n, found.reason) == (3, None)


def test_boxes_in_the_wrong_image_or_of_the_wrong_class_are_worth_nothing(tmp_path: Path) -> None:
    moved = [*PERFECT[1:], PERFECT[0]]
    assert figures(tmp_path, boxes(*moved), truth(OBJECTS), "detection").map == 0
    swapped = [[(box, score, 2 - label) for box, score, label in image] for image in PERFECT]
    assert figures(tmp_path, boxes(*swapped), truth(OBJECTS), "detection").map == 0
    unknown = [[(box, score, 80) for box, score, _ in image] for image in PERFECT]
    assert figures(tmp_path, boxes(*unknown), truth(OBJECTS), "detection").map == 0
    assert figures(tmp_path, boxes([], [], []), truth(OBJECTS), "detection").map == 0


def test_average_precision_of_a_case_worked_by_hand(tmp_path: Path) -> None:
    """Two people; the best answer covers 78 % of one, the second covers nothing, the third is the other person.

    Up to an overlap of 0.75 (six thresholds) precision is 1 up to a recall of 0.5 and 2/3 up to 1; from 0.80 on (four)
    it is 1/3 up to 0.5. Precision is taken at 101 recalls, of which 51 are up to 0.5.
    """
    objects = [(1, PERSON, (0.0, 0.0, 50.0, 100.0)), (1, PERSON, (50.0, 100.0, 50.0, 100.0))]
    answers = [((0, 0, 50, 78), 0.9, 0), ((60, 0, 90, 50), 0.8, 0), ((50, 100, 100, 200), 0.7, 0)]
    found = figures(tmp_path, boxes([], answers, []), truth(objects), "detection")
    low, high = (51 + 50 * 2 / 3) / 101, 51 / 3 / 101
    assert found.map == pytest.approx((6 * low + 4 * high) / 10, abs=1e-9)
    assert found.map50 == pytest.approx(low, abs=1e-9)


def test_a_crowd_is_neither_to_be_found_nor_a_mistake(tmp_path: Path) -> None:
    known = truth([(1, PERSON, (0.0, 0.0, 50.0, 100.0)), (1, PERSON, (50.0, 0.0, 50.0, 200.0))])
    known["object_crowd"][1] = 1
    answers = [((0, 0, 50, 100), 0.5, 0), ((60, 20, 80, 60), 0.9, 0), ((55, 120, 70, 180), 0.8, 0)]
    assert figures(tmp_path, boxes([], answers, []), known, "detection").map == ONE


def test_only_images_that_were_seen_count(tmp_path: Path) -> None:
    rows = boxes(*PERFECT)
    rows[0] = -1
    found = figures(tmp_path, rows, truth(OBJECTS), "detection")
    assert (found.map, found.n) == (ONE, 2)


def people(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return ``found.npy`` of one person in the second image, given COCO's keypoints (17, 2) and which are seen."""
    parts = np.full((18, 3), np.nan, np.float32)
    for place, part in enumerate(found.COCO_KEYPOINTS):
        if known[place]:
            parts[part] = [*points[place], 0.8]
    rows = np.full((3, 1 + 20 * 55), -1, np.float32)
    rows[:, 0] = [0, 1, 0]
    rows[1, 1:56] = [12.5, *parts.ravel()]
    return rows


def a_person(visible: np.ndarray, points: np.ndarray) -> dict[str, np.ndarray]:
    keypoints = np.zeros((1, 17, 3), np.int32)
    keypoints[0, visible] = [[column, row, 2] for column, row in points[visible]]
    return truth([(1, PERSON, (0.0, 0.0, 50.0, 100.0))], object_keypoints=keypoints)


POINTS = np.stack([np.arange(17) * 3 + 5, np.arange(17) * 7 + 20], axis=1)
EVERY = np.ones(17, bool)


def test_a_perfect_person_is_worth_1(tmp_path: Path) -> None:
    found = figures(tmp_path, people(POINTS, EVERY), a_person(EVERY, POINTS), "pose")
    assert (found.map, found.map50, found.n) == (ONE, ONE, 3)


def test_left_taken_for_right_is_not_the_same_person(tmp_path: Path) -> None:
    mirrored = POINTS[[0, *(place + (1 if place % 2 else -1) for place in range(1, 17))]]
    found = figures(tmp_path, people(mirrored, EVERY), a_person(EVERY, POINTS), "pose")
    assert found.map is not None and found.map < 0.5


def test_similarity_of_keypoints_of_a_case_worked_by_hand(tmp_path: Path) -> None:
    """Only the nose is there; its similarity exp(-d^2 / (2 area (2 x 0.026)^2)), is 0.72: five thresholds."""
    nose = np.arange(17) == 0
    distance = np.sqrt(-2 * np.log(0.72) * 50 * 100 * (2 * 0.026) ** 2)
    shifted = POINTS + np.array([distance, 0])
    found = figures(tmp_path, people(shifted, nose), a_person(nose, POINTS), "pose")
    assert found.map == pytest.approx(0.5)
    assert found.map50 == ONE


def test_mean_iou_of_a_case_worked_by_hand(tmp_path: Path) -> None:
    """Of two images together: [[3, 1], [1, 5]], so 3 of 5 and 5 of 7; the third class is nowhere; one was not seen."""
    rows = np.zeros((3, 9), np.int32)
    rows[0] = [3, 0, 0, 0, 2, 0, 0, 0, 0]
    rows[1] = [0, 1, 0, 1, 3, 0, 0, 0, 0]
    rows[2] = -1
    found = figures(tmp_path, rows, {"sizes": SIZES}, "segmentation")
    assert (found.miou, found.n) == (pytest.approx((3 / 5 + 5 / 7) / 2), 2)


@pytest.mark.parametrize(
    ("rows", "known", "record", "reason"),
    [
        (boxes(*PERFECT), truth(OBJECTS), {"weights": "seeded_random"}, "weights are seeded random"),
        (boxes(*PERFECT), truth(OBJECTS), {"dataset": {"labels": False}}, "the data set has no labels"),
        (
            boxes(*PERFECT),
            truth(OBJECTS),
            {"dataset": {"labels": True, "name": "other", "sha256": "e" * 64}},
            "what is in data set other was not found",
        ),
        (None, truth(OBJECTS), {}, "what was found was not kept"),
        (np.full((3, 601), -1, np.float32), truth(OBJECTS), {}, "no inference has an answer"),
        (boxes([], [], []), truth([]), {}, "there is nothing to find in these images"),
        (boxes(*PERFECT), {"sizes": SIZES}, {}, "what was found cannot be read: KeyError: 'object_item'"),
    ],
)
def test_what_cannot_be_said_has_a_reason(
    tmp_path: Path, rows: np.ndarray | None, known: dict[str, np.ndarray], record: dict[str, Any], reason: str
) -> None:
    found = figures(tmp_path, rows, known, "detection", **record)
    assert found.reason == reason
    assert (found.map, found.map50) == (None, None)


def test_lists_of_classes_name_80_and_20_categories() -> None:
    assert len(found.CATEGORIES["coco80"]) == len(set(found.CATEGORIES["coco80"])) == 80
    assert set(found.CATEGORIES["voc20"]) < set(found.CATEGORIES["coco80"]) < set(found.CATEGORIES["coco91"])
    assert sorted(found.COCO_KEYPOINTS) == [part for part in range(18) if part != 1]

"""What detection, pose and segmentation find is kept: one row an image of the data set, in each task's own words."""

import numpy as np
import pytest
from test_detection import SIZE, artifact

from edgebench_runner import found, records
from edgebench_runner.errors import LoadFailedError
from edgebench_runner.tasks import detection, pose, segmentation


@pytest.fixture
def kept(tmp_path):
    """Return what opens a file of three images, and what reads it."""

    def open_for(task):
        return found.Found(str(tmp_path), 3, task.row, records.Records(str(tmp_path), 4)).keeper(task)

    return open_for, lambda: np.load(tmp_path / "found.npy")


def test_boxes_are_kept_with_how_many_they_are(kept, tmp_path):
    open_for, read = kept
    task = detection.Task(artifact(boxes="decoded"))
    keep = open_for(task)
    boxes = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)
    keep(0, 2, detection.Detections(boxes, np.array([0.9, 0.25]), np.array([7, 3])))
    keep(1, 0, detection.Detections(boxes[:0], np.zeros(0), np.zeros(0, int)))
    rows = read()
    assert rows[:, 0].tolist() == [0, -1, 2]
    assert rows[2, 1:13].tolist() == [1, 2, 3, 4, np.float32(0.9), 7, 5, 6, 7, 8, 0.25, 3]
    items = np.fromfile(tmp_path / "outputs.bin", "<i4").reshape(-1, 6)
    assert items[:2].tolist() == [[2, -1, -1, -1, -1, -1], [0, -1, -1, -1, -1, -1]]


def test_people_are_kept_the_best_of_too_many(kept):
    open_for, read = kept
    task = pose.Task(artifact(stride=8))
    parts = np.full((pose.PARTS, 3), np.nan, np.float32)
    parts[4] = [10.5, 20.5, 0.75]
    open_for(task)(0, 1, [pose.Person(parts, float(30 - n)) for n in range(25)])
    row = read()[1]
    people = row[1:].reshape(pose.KEPT, pose.VALUES)
    assert row[0] == pose.KEPT == 20
    assert people[:, 0].tolist() == [30 - n for n in range(20)]
    np.testing.assert_array_equal(people[3, 1:].reshape(pose.PARTS, 3), parts)


def test_pixels_are_counted_by_true_and_found_class(kept, tmp_path):
    open_for, read = kept
    truth = np.array([[[0, 1], [2, 255]], [[2, 2], [2, 2]], [[1, 1], [0, 0]]], np.uint8)
    np.savez(tmp_path / "data.npz", images=np.zeros((3, 2, 2, 3), np.uint8), segments=truth)
    asked = {**artifact(labels="voc21"), "output_shape": [1, 3, 2, 2]}
    task = segmentation.Task(asked, str(tmp_path / "data.npz"))
    keep = open_for(task)
    keep(0, 0, np.array([[0, 2], [2, 2]], np.uint8))
    keep(1, 2, np.array([[1, 1], [1, 0]], np.uint8))
    rows = read()
    assert rows[0].reshape(3, 3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert rows[1, 0] == -1
    assert rows[2].reshape(3, 3).tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


def test_segments_of_another_size_or_none_are_refused(kept, tmp_path):
    np.savez(
        tmp_path / "data.npz", images=np.zeros((3, 4, 4, 3), np.uint8), segments=np.zeros((3, 4, 4), np.uint8)
    )
    asked = {**artifact(labels="voc21"), "output_shape": [1, 3, 2, 2]}
    keep = kept[0](segmentation.Task(asked, str(tmp_path / "data.npz")))
    with pytest.raises(LoadFailedError, match=r"segments are \(4, 4\), the network answers \(2, 2\)"):
        keep(0, 0, np.zeros((2, 2), np.uint8))
    np.savez(tmp_path / "other.npz", images=np.zeros((3, 4, 4, 3), np.uint8))
    with pytest.raises(LoadFailedError, match=r"other.npz: .*segments.npy"):
        segmentation.Task(asked, str(tmp_path / "other.npz"))


def test_without_a_true_answer_nothing_is_kept(tmp_path):
    assert found.nothing(0, 0, object()) is None
    assert detection.Task(artifact(boxes="decoded")).prepare(np.zeros((9, 9, 3), np.uint8)).shape[-1] == SIZE

"""Pose: people put into heat maps and fields are found again. Segmentation: the most likely class of every pixel."""

import numpy as np
import pytest
from test_detection import artifact

from edgebench_runner.tasks import pose, segmentation

HEIGHT, WIDTH = 32, 48


def draw(persons):
    """Return heat maps and fields of people given as {part: (column, row)}: what a perfect network would say."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    heat = np.zeros((pose.PARTS, HEIGHT, WIDTH), np.float32)
    fields = np.zeros((38, HEIGHT, WIDTH), np.float32)
    for person in persons:
        for part, (column, row) in person.items():
            spot = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / 2.0)
            heat[part] = np.maximum(heat[part], spot)
        for (first, second), channel in pose.LIMBS:
            if first not in person or second not in person:
                continue
            start, end = np.array(person[first], float), np.array(person[second], float)
            way = (end - start) / max(np.linalg.norm(end - start), 1e-9)
            x, y = columns - start[0], rows - start[1]
            along, across = x * way[0] + y * way[1], abs(x * way[1] - y * way[0])
            on_limb = (along >= -1) & (along <= np.linalg.norm(end - start) + 1) & (across <= 1.5)
            fields[channel][on_limb], fields[channel + 1][on_limb] = way
    return heat, fields


def standing(column):
    """Return every part of a person of OpenPose's COCO order around a column."""
    return {
        0: (column, 3),
        1: (column, 8),
        2: (column - 4, 8),
        3: (column - 6, 13),
        4: (column - 6, 18),
        5: (column + 4, 8),
        6: (column + 6, 13),
        7: (column + 6, 18),
        8: (column - 2, 18),
        9: (column - 2, 23),
        10: (column - 2, 28),
        11: (column + 2, 18),
        12: (column + 2, 23),
        13: (column + 2, 28),
    }


@pytest.mark.parametrize("columns", [[], [12], [10, 34]])
def test_people_are_found_where_they_were_drawn(columns):
    drawn = [standing(column) for column in columns]
    found = pose.people(*draw(drawn), stride=8)
    assert len(found) == len(drawn)
    for person in sorted(found, key=lambda person: np.nanmean(person.parts[:, 0])):
        expected = drawn.pop(0)
        seen = {part: tuple(person.parts[part, :2] / 8 - 0.5) for part in range(14)}
        assert seen == expected
        assert np.isnan(person.parts[14:]).all()


def test_a_person_partly_hidden_is_whole_where_it_is_seen():
    hidden = {part: place for part, place in standing(20).items() if part not in (4, 10)}
    (person,) = pose.people(*draw([hidden]), stride=8)
    assert sorted(np.flatnonzero(~np.isnan(person.parts[:, 0]))) == sorted(hidden)


def test_parts_without_a_field_between_them_are_nobody():
    heat, fields = draw([standing(20)])
    assert pose.people(heat, np.zeros_like(fields), stride=8) == []


def test_a_plateau_has_one_peak():
    heat = np.zeros((6, 6), np.float32)
    heat[2:4, 2:4] = 0.5
    assert pose.peaks(heat).tolist() == [[2, 2, 0.5]]


def test_the_pose_task_reads_maps_of_its_stride():
    task = pose.Task(artifact(stride=8))
    heat, fields = draw([standing(20)])
    output = np.concatenate([heat, np.zeros((1, HEIGHT, WIDTH), np.float32), fields])[None]
    assert len(task.finish(output)) == 1


def test_segmentation_is_the_most_likely_class_of_every_pixel():
    task = segmentation.Task({**artifact(labels="voc21"), "output_shape": [1, 21, 5, 7]})
    logits = np.random.default_rng(1).normal(size=(1, 21, 5, 7)).astype(np.float32)
    found = task.finish(logits)
    assert found.dtype == np.uint8
    assert all(
        logits[0, found[row, column], row, column] == logits[0, :, row, column].max()
        for row in range(5)
        for column in range(7)
    )

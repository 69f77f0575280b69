"""COCO: images and what is in them, read from made-up files of COCO's layout."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model_zoo import catalogue, coco, data_files, dataset, download
from model_zoo.datasets import coco_voc
from model_zoo.errors import ZooError

SHAPE = (1, 3, 20, 20)
COUNT = 56
CAT, DOG, PERSON, TOASTER = 17, 18, 1, 80


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(data_files.VARIABLE, str(tmp_path))
    monkeypatch.setattr(download, "fetch", unreachable)
    return tmp_path / "coco"


def unreachable(*arguments: object) -> Path:
    raise download.UnreachableError("no network in a test")


def square(number: int, category: int, box: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    x, y, width, height = box
    outline = [x, y, x + width, y, x + width, y + height, x, y + height]
    return {
        "id": 1000 + number,
        "image_id": number,
        "category_id": category,
        "bbox": list(box),
        "area": width * height,
        "iscrowd": 0,
        "segmentation": [outline],
        **more,
    }


def write(data: Path, annotations: list[dict[str, Any]], file: str = "instances_val2017.json") -> Path:
    """Write images of 40 x 30 pixels whose red says their number, and what is said to be in them."""
    images = []
    for number in range(1, COUNT + 1):
        name = f"{number:012d}.png"
        (data / "val2017").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (4 * number, 0, 0)).save(data / "val2017" / name)
        images.append({"id": number, "file_name": name, "height": 30, "width": 40})
    path = data / "annotations" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"images": images[::-1], "annotations": annotations, "categories": []}))
    return path


def test_boxes_are_those_of_their_images(data: Path) -> None:
    found = [square(number, number % 90 + 1, (number, 2, 3, 4)) for number in range(1, COUNT + 1)]
    write(data, [*found, square(7, DOG, (0, 0, 9, 9), iscrowd=1)])
    loaded = dataset.load("coco", SHAPE)
    assert loaded.images.shape == (COUNT - 52, 20, 20, 3)
    assert (len(loaded.held_out), len(loaded.calibration)) == (20, 32)
    numbers = loaded.images[:, 10, 10, 0] // 4
    assert loaded.truth["sizes"].tolist() == [[30, 40]] * len(numbers)
    own = [loaded.truth["object_item"] == item for item in range(len(numbers))]
    for number, rows in zip(numbers, own, strict=True):
        assert loaded.truth["object_category"][rows][0] == number % 90 + 1
        assert loaded.truth["object_box"][rows][0].tolist() == [number, 2, 3, 4]
        assert loaded.truth["object_area"][rows][0] == 12
        assert loaded.truth["object_crowd"][rows].tolist() == ([0, 1] if number == 7 else [0])
    assert loaded.record("0" * 64)["labels"] is True


def test_a_count_measures_only_so_many_of_the_same_order(data: Path) -> None:
    write(data, [])
    some, all_of_them = dataset.load("coco-3", SHAPE), dataset.load("coco", SHAPE)
    np.testing.assert_array_equal(some.images, all_of_them.images[:3])
    assert some.truth["object_box"].shape == (0, 4)


def test_keypoints_are_read_with_their_visibility(data: Path) -> None:
    points = list(range(51))
    write(
        data,
        [square(n, PERSON, (1, 2, 3, 4), keypoints=points) for n in range(1, COUNT + 1)],
        "person_keypoints_val2017.json",
    )
    truth = dataset.load("coco_pose", SHAPE).truth
    assert truth["object_keypoints"].shape == (COUNT - 52, 17, 3)
    assert truth["object_keypoints"][0].ravel().tolist() == points


def test_pixels_have_the_class_of_their_outline_and_none_where_two_overlap_or_in_a_crowd() -> None:
    objects = [
        square(1, CAT, (0, 0, 20, 10)),
        square(1, DOG, (10, 0, 20, 10)),
        square(1, TOASTER, (0, 20, 40, 10)),
        {**square(1, PERSON, (30, 10, 10, 10), iscrowd=1), "segmentation": crowd(10, 10)},
    ]
    classes = coco_voc.draw(coco.Image(Path("made.png"), 1, 30, 40, objects))
    cat, dog = 1 + coco_voc.CATEGORIES.index(CAT), 1 + coco_voc.CATEGORIES.index(DOG)
    assert (cat, dog) == (8, 12)
    assert set(classes[1:9, 1:9].ravel()) == {cat}
    assert set(classes[1:9, 11:19].ravel()) == {255}
    assert set(classes[1:9, 21:29].ravel()) == {dog}
    assert set(classes[21:].ravel()) == {0}, "VOC has no toaster"
    assert set(classes[10:20, 30:].ravel()) == {255}
    assert coco_voc.resized(classes, 3, 4)[0].tolist() == [cat, 255, dog, 0]


def crowd(width: int, height: int) -> dict[str, Any]:
    """Return the lower right part of the first two thirds of the rows, in COCO's uncompressed runs by column."""
    runs = [30 * (40 - width) + 10]
    for _ in range(width - 1):
        runs += [height, 30 - height]
    return {"size": [30, 40], "counts": [*runs, height, 30 - 10 - height]}


def test_segments_are_drawn_once_and_again_when_the_annotations_change(data: Path) -> None:
    whole = [square(number, CAT, (0, 0, 40, 30)) for number in range(1, COUNT + 1)]
    write(data, whole)
    first = dataset.load("coco_voc-2", SHAPE)
    assert first.truth["segments"].shape == (2, 20, 20)
    assert set(np.asarray(first.truth["segments"]).ravel()) == {8}
    assert first.classes == 21
    write(data, [])
    second = dataset.load("coco_voc-2", SHAPE)
    assert not np.asarray(second.truth["segments"]).any()
    assert first.record("0" * 64) != second.record("0" * 64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 999}, r"annotations\[0\] image_id: found 999; valid: the id of one of images"),
        ({"bbox": [1, 2, 3]}, r"annotations\[0\] bbox: found \[1, 2, 3\]; valid: 4 numbers"),
        ({"bbox": [1, 2, 3, "4"]}, r"bbox: .*valid: 4 numbers"),
        ({"iscrowd": None}, r"iscrowd: found None; valid: 0, 1"),
        ({"category_id": "cat"}, r"category_id: found 'cat'; valid: int"),
        ({"area": None}, r"area: found None; valid: a number"),
        ({"keypoints": [0] * 50}, r"keypoints: .*valid: 51 numbers"),
    ],
)
def test_a_wrong_annotation_names_file_place_found_and_valid(
    data: Path, change: dict[str, Any], message: str
) -> None:
    write(data, [square(1, CAT, (0, 0, 1, 1)) | change])
    with pytest.raises(ZooError, match=rf"instances_val2017.json: .*{message}"):
        dataset.load("coco", SHAPE)


def test_files_that_are_damaged_or_lack_an_image_are_refused(data: Path) -> None:
    path = write(data, [])
    (data / "val2017" / f"{5:012d}.png").unlink()
    with pytest.raises(ZooError, match=r"images\[51\] file_name: .*000000000005.png: no such file"):
        dataset.load("coco", SHAPE)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ZooError, match=r"instances_val2017\.json: not valid JSON"):
        dataset.load("coco", SHAPE)
    path.write_text("[]")
    with pytest.raises(ZooError, match="images: missing or not a list of objects; valid: COCO's layout"):
        dataset.load("coco", SHAPE)
    path.unlink()
    with pytest.raises(ZooError, match=r"instances_val2017\.json: no such file"):
        dataset.load("coco", SHAPE)


def test_absent_files_say_where_they_belong() -> None:
    assert not dataset.is_present("coco_pose")
    with pytest.raises(data_files.AbsentError, match=r"coco: .*coco/val2017\.zip: no such file"):
        dataset.load("coco_voc", SHAPE)


def test_a_data_set_serves_its_own_task_only() -> None:
    detector = catalogue.load()["yolov5n"]
    assert catalogue.with_datasets([detector], ["detection=coco-100"])[0].dataset == "coco-100"
    with pytest.raises(ZooError, match="found 'pose=coco'; coco is for detection"):
        catalogue.with_datasets([detector], ["pose=coco"])
    assert dataset.task_of("synthetic_224") is None
    assert dataset.task_of("imagenet") == "classification"

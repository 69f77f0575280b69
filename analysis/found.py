"""How good what detection, pose and segmentation found is: COCO's average precision and the mean IoU of classes.

Average precision is that of Lin et al. 2014 (arXiv:1405.0312), computed by their own pycocotools: the mean over
categories and over ten thresholds, 0.50 to 0.95, of the overlap of boxes (IoU) or the similarity of keypoints (OKS).
"""

import contextlib
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.cells import Cell
from analysis.errors import InputError
from analysis.files import read_json
from analysis.labels import Accuracy, LabelSource, withheld

FILE = "found.npy"
PERSON = 1
CATEGORIES = {
    "coco80": [n for n in range(1, 91) if n not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)],
    "coco91": list(range(91)),
    "voc20": [5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72],
}
"""COCO's category of each class that a detector answers, by its list of classes; 0 is the background."""
COCO_KEYPOINTS = [0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10]
"""Where each of COCO's keypoints stands among the parts that pose finds, which have OpenPose's order."""
BOX_VALUES, PERSON_VALUES = 6, 55

Array = npt.NDArray[Any]
Truth = Mapping[str, Array]


def accuracy(cell: Cell, source: LabelSource) -> Accuracy:
    """Return the figures of a cell whose task has no classes, over the images that it went through.

    Args:
        cell: its files are whole.
        source: where it is found what is in the images.
    """
    assert cell.record is not None
    assert cell.directory is not None
    reason = withheld(cell.record)
    if reason is not None:
        return Accuracy(reason=reason)
    dataset = cell.record["dataset"]
    truth = source.truth(str(dataset.get("sha256")))
    if truth is None:
        return Accuracy(reason=f"what is in data set {dataset.get('name')} was not found")
    try:
        rows = np.load(cell.directory / FILE, allow_pickle=False)
        artifact = read_json(cell.directory / "spec.json", "edgebench/cell_spec/1")["artifact"]
        items = np.flatnonzero(rows[:, 0] >= 0)
        if not len(items):
            return Accuracy(reason="no inference has an answer")
        figures = _FIGURES[str(cell.record["task"])](rows[items], items, truth, artifact)
    except FileNotFoundError:
        return Accuracy(reason="what was found was not kept")
    except (InputError, OSError, KeyError, ValueError, IndexError) as error:
        return Accuracy(reason=f"what was found cannot be read: {type(error).__name__}: {error}")
    missing = "there is nothing to find in these images" if set(figures.values()) == {None} else None
    return Accuracy(**figures, n=len(items), reason=missing)


def boxes(rows: Array, items: Array, truth: Truth, artifact: Mapping[str, Any]) -> dict[str, float | None]:
    """Return mAP of boxes, and that at an overlap of 0.5.

    Args:
        rows: (n, 1 + 100 x 6): how many, then left, top, right, bottom in pixels of the input, score, class of each.
        items: (n,) the image of each row.
        truth: the arrays of the data set.
        artifact: says what the classes are called and how large the input is.
    """
    categories = np.array(CATEGORIES[artifact["postprocess"]["labels"]])
    image, table = _listed(rows, items, BOX_VALUES)
    table, scale = table.astype(np.float64), _scale(truth, artifact)[image]
    corners = table[:, :4] * np.hstack([scale, scale])
    edge = truth["sizes"][image][:, [1, 0, 1, 0]]
    corners = np.clip(corners, 0, edge)
    sizes = corners[:, 2:] - corners[:, :2]
    known = (table[:, 5] >= 0) & (table[:, 5] < len(categories))
    category = np.where(known, categories[np.where(known, table[:, 5], 0).astype(int)], 0)
    found = [
        {
            "image_id": int(image[k]),
            "category_id": int(category[k]),
            "bbox": [*corners[k, :2].tolist(), *sizes[k].tolist()],
            "area": float(sizes[k].prod()),
            "score": float(table[k, 4]),
        }
        for k in range(len(table))
    ]
    return _average_precision("bbox", _objects(truth, items), found, items, categories[categories > 0])


def people(rows: Array, items: Array, truth: Truth, artifact: Mapping[str, Any]) -> dict[str, float | None]:
    """Return mAP of keypoints, and that at a similarity of 0.5; the arguments are those of ``boxes``.

    A row is (1 + 20 x 55): how many people, then of each its score and 18 parts: column, row, certainty, NaN where not
    seen. The neck, which COCO does not know, is left out.
    """
    image, table = _listed(rows, items, PERSON_VALUES)
    scale = _scale(truth, artifact)[image]
    parts = table[:, 1:].reshape(-1, 18, 3).astype(np.float64)[:, COCO_KEYPOINTS]
    seen = ~np.isnan(parts[:, :, 0])
    points = np.where(seen[:, :, None], parts, 0)
    points[:, :, :2] *= scale[:, None, :]
    points[:, :, 2] = seen
    extent = points[:, :, :2].max(axis=1) - points[:, :, :2].min(axis=1)
    found = [
        {
            "image_id": int(image[k]),
            "category_id": PERSON,
            "keypoints": points[k].ravel().tolist(),
            "area": float(extent[k].prod()),
            "score": float(table[k, 0]),
        }
        for k in range(len(table))
    ]
    return _average_precision("keypoints", _objects(truth, items), found, items, [PERSON])


def pixels(rows: Array, items: Array, truth: Truth, artifact: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the mean over classes of intersection over union, of all pixels of all images together.

    Args:
        rows: (n, classes x classes): pixels by true class (rows) and found class (columns).
        items, truth, artifact: as in ``boxes``.
    """
    classes = round(rows.shape[1] ** 0.5)
    matrix = rows.astype(np.int64).sum(axis=0).reshape(classes, classes)
    common = np.diagonal(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - common
    return {"miou": float((common[union > 0] / union[union > 0]).mean()) if union.any() else None}


_FIGURES: dict[str, Callable[[Array, Array, Truth, Mapping[str, Any]], dict[str, float | None]]] = {
    "detection": boxes,
    "pose": people,
    "segmentation": pixels,
}
TASKS = frozenset(_FIGURES)


def _listed(rows: Array, items: Array, values: int) -> tuple[Array, Array]:
    """Return the image of each thing found, and what was said of it (n, values)."""
    tables = rows[:, 1:].reshape(len(rows), -1, values)
    filled = np.arange(tables.shape[1]) < rows[:, :1]
    return np.repeat(items, filled.sum(axis=1)), tables[filled]


def _scale(truth: Truth, artifact: Mapping[str, Any]) -> Array:
    """Return what a column and a row of the input are in pixels of each image, (n, 2)."""
    height, width = artifact["preprocess"]["size"]
    return np.asarray(truth["sizes"][:, ::-1] / np.array([width, height]))


def _objects(truth: Truth, items: Array) -> list[dict[str, Any]]:
    """Return COCO's annotations of these images."""
    chosen = np.flatnonzero(np.isin(truth["object_item"], items))
    points = truth.get("object_keypoints")
    return [
        {
            "image_id": int(truth["object_item"][k]),
            "category_id": int(truth["object_category"][k]),
            "bbox": truth["object_box"][k].tolist(),
            "area": float(truth["object_area"][k]),
            "iscrowd": int(truth["object_crowd"][k]),
            **(
                {}
                if points is None
                else {
                    "keypoints": points[k].ravel().tolist(),
                    "num_keypoints": int((points[k, :, 2] > 0).sum()),
                }
            ),
        }
        for k in chosen
    ]


def _average_precision(
    kind: str,
    objects: list[dict[str, Any]],
    found: list[dict[str, Any]],
    items: Array,
    categories: Iterable[int],
) -> dict[str, float | None]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images, chosen = [int(item) for item in items], sorted({int(category) for category in categories})

    def indexed(entries: list[dict[str, Any]]) -> Any:
        index = COCO()
        index.dataset = {
            "images": [{"id": item} for item in images],
            "categories": [{"id": category} for category in chosen],
            # Counted from 1: pycocotools takes 0 for a box that nothing was matched with.
            "annotations": [{"id": place, **entry} for place, entry in enumerate(entries, start=1)],
        }
        index.createIndex()
        return index

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(indexed(objects), indexed(found), kind)
        evaluation.params.imgIds, evaluation.params.catIds = images, chosen
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    every, half = (float(value) if value >= 0 else None for value in evaluation.stats[:2])
    return {"map": every, "map50": half}

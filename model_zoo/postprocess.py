"""What an entry says of its output, so that the task on the board can read it; docs/tasks.md describes every key."""

from typing import Any

from model_zoo.errors import ZooError

BOXES = ("decoded", "ssd", "yolov2", "yolov3", "yolov5", "yolox")
LABELS = ("coco80", "coco91", "voc20", "voc21")
_KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "detection": {
        "boxes": (str,),
        "labels": (str,),
        "score_threshold": (float,),
        "iou_threshold": (float,),
        "strides": (list,),
        "anchors": (list,),
        "scales": (list,),
        "aspect_ratios": (list,),
        "sizes": (list,),
    },
    "pose": {"stride": (int,)},
    "segmentation": {"labels": (str,)},
}
_REQUIRED = {
    "detection": ("boxes", "labels", "score_threshold", "iou_threshold"),
    "pose": ("stride",),
    "segmentation": ("labels",),
}
_OF_BOXES = {
    "decoded": (),
    "ssd": ("sizes", "scales", "aspect_ratios"),
    "yolov2": ("strides", "anchors"),
    "yolov3": ("strides", "anchors"),
    "yolov5": ("strides", "anchors"),
    "yolox": ("strides",),
}


def check(where: str, task: str, table: Any) -> dict[str, Any] | None:
    """Return the table, checked key by key; None for classification, which needs none.

    Raises:
        ZooError: naming the key, what was found and what is valid.
    """
    where = f"{where} postprocess"
    if task not in _KEYS:
        if table is not None:
            raise ZooError(f"{where}: found a table; valid: none for {task}")
        return None
    known = _KEYS[task]
    if table is None:
        raise ZooError(f"{where}: missing; required for {task}: {', '.join(_REQUIRED[task])}")
    for key, value in table.items():
        if key not in known:
            raise ZooError(f"{where}.{key}: unknown key; valid: {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise ZooError(f"{where}.{key}: found {value!r}; valid: {known[key][0].__name__}")
    for key in _REQUIRED[task]:
        if key not in table:
            raise ZooError(f"{where}.{key}: missing; required for {task}: {', '.join(_REQUIRED[task])}")
    for key, valid in (("boxes", BOXES), ("labels", LABELS)):
        if key in table and table[key] not in valid:
            raise ZooError(f"{where}.{key}: found {table[key]!r}; valid: {', '.join(valid)}")
    for key in _OF_BOXES.get(table.get("boxes", ""), ()):
        if key not in table:
            raise ZooError(f"{where}.{key}: missing; boxes {table['boxes']} need it")
    for key in ("score_threshold", "iou_threshold"):
        if key in table and not 0 <= table[key] <= 1:
            raise ZooError(f"{where}.{key}: found {table[key]}; valid: 0.0 to 1.0")
    return dict(table)

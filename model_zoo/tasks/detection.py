"""Detection: boxes, in the form that ``boxes`` names, and what decoding that form takes."""

from typing import Any

from model_zoo.errors import ZooError
from model_zoo.tasks import _values

KEYS: dict[str, tuple[type, ...]] = {
    "boxes": (str,),
    "labels": (str,),
    "score_threshold": (float,),
    "iou_threshold": (float,),
    "strides": (list,),
    "anchors": (list,),
    "scales": (list,),
    "aspect_ratios": (list,),
    "sizes": (list,),
}
REQUIRED = ("boxes", "labels", "score_threshold", "iou_threshold")
_OF_BOXES = {
    "decoded": (),
    "ssd": ("sizes", "scales", "aspect_ratios"),
    "yolov2": ("strides", "anchors"),
    "yolov3": ("strides", "anchors"),
    "yolov5": ("strides", "anchors"),
    "yolox": ("strides",),
}


def check(where: str, table: dict[str, Any]) -> None:
    """Hold the values to those that the task on the board knows, and the keys to the form of the boxes."""
    _values.require_one_of(where, table, "boxes", tuple(_OF_BOXES))
    _values.require_one_of(where, table, "labels", _values.LABELS)
    for key in _OF_BOXES[table["boxes"]]:
        if key not in table:
            raise ZooError(f"{where}.{key}: missing; boxes {table['boxes']} need it")
    for key in ("score_threshold", "iou_threshold"):
        if not 0 <= table[key] <= 1:
            raise ZooError(f"{where}.{key}: found {table[key]}; valid: 0.0 to 1.0")

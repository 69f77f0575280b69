"""What the raw predictions of a detector mean: one decoder for each way that detectors say a box."""

import math
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

Decoder = Callable[[Any], Tuple[Any, Any]]
"""From predictions (n, values) to corners (n, 4) in pixels and scores (n, classes)."""

SSD_WEIGHTS = np.array([10, 10, 5, 5], np.float32)
LARGEST_LOG = math.log(1000.0 / 16)
"""No box grows by more than this, so that a wild prediction does not overflow (torchvision's bound)."""


def decoder(settings: Dict, height: int, width: int) -> Decoder:
    """Return the decoder that an artifact's ``postprocess`` asks for; its grids are laid out once."""
    return _DECODERS[settings["boxes"]](settings, height, width)


def _decoded(settings: Dict, height: int, width: int) -> Decoder:
    """Centre and size in pixels, objectness and classes, all as they are."""

    def decode(table: Any) -> Tuple[Any, Any]:
        return _corners(table[:, :2], table[:, 2:4]), table[:, 4:5] * table[:, 5:]

    return decode


def _yolov5(settings: Dict, height: int, width: int) -> Decoder:
    cells, strides, anchors = _grid(settings["strides"], settings["anchors"], height, width)

    def decode(table: Any) -> Tuple[Any, Any]:
        values = _sigmoid(table)
        centres = (2 * values[:, :2] - 0.5 + cells) * strides
        return _corners(centres, (2 * values[:, 2:4]) ** 2 * anchors), values[:, 4:5] * values[:, 5:]

    return decode


def _yolov3(settings: Dict, height: int, width: int) -> Decoder:
    return _darknet(settings, height, width, _sigmoid)


def _yolov2(settings: Dict, height: int, width: int) -> Decoder:
    return _darknet(settings, height, width, _softmax)


def _darknet(settings: Dict, height: int, width: int, classes: Callable[[Any], Any]) -> Decoder:
    cells, strides, anchors = _grid(settings["strides"], settings["anchors"], height, width)

    def decode(table: Any) -> Tuple[Any, Any]:
        centres = (_sigmoid(table[:, :2]) + cells) * strides
        sizes = np.exp(table[:, 2:4].clip(max=LARGEST_LOG)) * anchors
        return _corners(centres, sizes), _sigmoid(table[:, 4:5]) * classes(table[:, 5:])

    return decode


def _yolox(settings: Dict, height: int, width: int) -> Decoder:
    unit = [[[stride, stride]] for stride in settings["strides"]]
    cells, strides, anchors = _grid(settings["strides"], unit, height, width)

    def decode(table: Any) -> Tuple[Any, Any]:
        centres = (table[:, :2] + cells) * strides
        sizes = np.exp(table[:, 2:4].clip(max=LARGEST_LOG)) * anchors
        return _corners(centres, sizes), _sigmoid(table[:, 4:5]) * _sigmoid(table[:, 5:])

    return decode


def _ssd(settings: Dict, height: int, width: int) -> Decoder:
    priors = _priors(settings) * np.array([width, height, width, height], np.float32)

    def decode(table: Any) -> Tuple[Any, Any]:
        offsets = table[:, :4] / SSD_WEIGHTS
        centres = offsets[:, :2] * priors[:, 2:] + priors[:, :2]
        sizes = np.exp(offsets[:, 2:].clip(max=LARGEST_LOG)) * priors[:, 2:]
        scores = _softmax(table[:, 4:])
        scores[:, 0] = 0  # the background is nothing to be found
        return _corners(centres, sizes), scores

    return decode


_DECODERS = {
    "decoded": _decoded,
    "ssd": _ssd,
    "yolov2": _yolov2,
    "yolov3": _yolov3,
    "yolov5": _yolov5,
    "yolox": _yolox,
}


def _grid(strides: List[int], anchors: List, height: int, width: int) -> Tuple[Any, Any, Any]:
    """Lay out cell, stride and anchor of every prediction: by map, anchor, row and column; (n, 2), (n, 1), (n, 2)."""
    cells, steps, sizes = [], [], []
    for stride, of_map in zip(strides, anchors):  # noqa: B905
        rows, columns = np.mgrid[: height // stride, : width // stride]
        cell = np.stack([columns.ravel(), rows.ravel()], axis=1)
        cells.append(np.tile(cell, (len(of_map), 1)))
        steps.append(np.full((len(of_map) * len(cell), 1), stride))
        sizes.append(np.repeat(np.asarray(of_map), len(cell), axis=0))
    return tuple(np.concatenate(part).astype(np.float32) for part in (cells, steps, sizes))  # type: ignore[return-value]


def _priors(settings: Dict) -> Any:
    """Lay out the default boxes (Liu et al. 2016, arXiv:1512.02325, section 2.2): centre and size as shares, (n, 4)."""
    parts, scales = [], settings["scales"]
    for size, scale, following in zip(settings["sizes"], scales, scales[1:]):  # noqa: B905
        between = math.sqrt(scale * following)
        shapes = [(scale, scale), (between, between)]
        for ratio in settings["aspect_ratios"]:
            wide, narrow = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
            shapes += [(wide, narrow), (narrow, wide)]
        rows, columns = (np.mgrid[:size, :size] + 0.5) / size
        centres = np.repeat(np.stack([columns.ravel(), rows.ravel()], axis=1), len(shapes), axis=0)
        parts.append(np.hstack([centres, np.tile(np.clip(shapes, 0, 1), (size * size, 1))]))
    return np.concatenate(parts).astype(np.float32)


def _corners(centres: Any, sizes: Any) -> Any:
    half = sizes / 2
    return np.hstack([centres - half, centres + half])


def _sigmoid(values: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * values))


def _softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

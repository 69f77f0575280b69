"""TensorFlow Lite by litert-torch: from torch without ONNX between; integer files by the AI Edge quantizer.

Its integer operators are stamped version 1, which the compiler of the Edge TPU may refuse: ``tflite`` is for that.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _provenance, _tensorflow
from model_zoo.request import Request

EXTENSION = "tflite"
FILE_FORMAT = "tflite"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"fp32": "fp32", "int8": "fp32"}
PACKAGES = ("litert-torch", "ai-edge-quantizer", "ai-edge-litert", "torch")
ENVIRONMENT = "converters-x86_64-cp311/litert_torch"
SOURCE = "torch_export"


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert an exported program, whose input becomes (1, H, W, C)."""
    images = np.ascontiguousarray(request.calibration.transpose(0, 2, 3, 1))
    converted = _converted(source, images[:1].shape)
    if request.precision == "fp32":
        converted.export(str(path))
        return
    from ai_edge_quantizer import quantizer, recipe

    converted.export("float.tflite")
    quantising = quantizer.Quantizer("float.tflite")
    quantising.load_quantization_recipe(recipe.static_wi8_ai8())
    ranges = quantising.calibrate({"serving_default": [{"args_0": image[None]} for image in images]})
    quantising.quantize(ranges).export_model(str(path))


@lru_cache(maxsize=1)
def _converted(source: Path, shape: tuple[int, ...]) -> Any:
    """Return the network in single precision; the last one is kept, for the integer file is made of it as well."""
    import litert_torch
    import torch

    _provenance.share()
    module = litert_torch.to_channel_last_io(torch.export.load(str(source)).module(), args=[0])
    return litert_torch.convert(module, (torch.zeros(shape),))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    return _tensorflow.open_tflite(Interpreter, path)

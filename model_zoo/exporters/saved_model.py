"""TensorFlow's SavedModel by onnx2tf, packed into one zip file, which the backend unpacks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _onnx2tf, _tensorflow
from model_zoo.request import Request

EXTENSION = "saved_model.zip"
FILE_FORMAT = "saved_model"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"fp32": "fp32"}
PACKAGES = _onnx2tf.PACKAGES
ENVIRONMENT = _onnx2tf.ENVIRONMENT
SOURCE = "onnx"


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert an ONNX file."""
    import tensorflow as tf

    function, module = _onnx2tf.function(source)
    tf.saved_model.save(module, "saved", signatures={"serving_default": function})
    _tensorflow.pack(Path("saved"), path)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open it in TensorFlow."""
    return _tensorflow.open_saved_model(path)

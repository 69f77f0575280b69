"""TensorFlow Lite by onnx2tf, the default way; integer files have 8-bit input and output.

Half precision is of the weights. An output of more than two axes is written flat, in the order of its source.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _onnx2tf, _tensorflow
from model_zoo.request import Request

EXTENSION = "tflite"
FILE_FORMAT = "tflite"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"fp32": "fp32", "fp16": "fp32", "int8": "fp32", "uint8": "fp32"}
PACKAGES = _onnx2tf.PACKAGES
ENVIRONMENT = _onnx2tf.ENVIRONMENT
SOURCE = "onnx"


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert an ONNX file."""
    import tensorflow as tf

    function, module = _onnx2tf.function(source)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    _tensorflow.write_tflite(converter, source, path, request)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in TensorFlow Lite."""
    import tensorflow as tf

    return _tensorflow.open_tflite(tf.lite.Interpreter, path)

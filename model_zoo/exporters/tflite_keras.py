"""TensorFlow Lite of a Keras model, by TensorFlow's own converter; integer files have 8-bit input and output."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _tensorflow, keras
from model_zoo.request import Request

EXTENSION = "tflite"
FILE_FORMAT = "tflite"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"fp32": "fp32", "fp16": "fp32", "int8": "fp32", "uint8": "fp32"}
PACKAGES = keras.PACKAGES
ENVIRONMENT = keras.ENVIRONMENT
SOURCE = "keras"


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert a Keras file."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras.read(source))
    _tensorflow.write_tflite(converter, source, path, request)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in TensorFlow Lite."""
    import tensorflow as tf

    return _tensorflow.open_tflite(tf.lite.Interpreter, path)

"""TensorFlow's SavedModel of a Keras model, packed into one zip file, which the backend unpacks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _tensorflow, keras
from model_zoo.request import Request

EXTENSION = "saved_model.zip"
FILE_FORMAT = "saved_model"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"fp32": "fp32"}
PACKAGES = keras.PACKAGES
ENVIRONMENT = keras.ENVIRONMENT
SOURCE = "keras"


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert a Keras file."""
    model = keras.read(source)
    model.export("saved", verbose=False, input_signature=[_tensorflow.signature(model)])
    _tensorflow.pack(Path("saved"), path)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open it in TensorFlow."""
    return _tensorflow.open_saved_model(path)

"""Keras's own file, of a model that came as one or was built by Keras."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.errors import UnsupportedError
from model_zoo.request import Request
from model_zoo.source import Loaded

EXTENSION = "keras"
FILE_FORMAT = "keras"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = ("fp32",)
TAKES = ("keras",)
PACKAGES = ("keras", "tensorflow-cpu")
ENVIRONMENT = "linux-x86_64-cp311/tensorflow"


def export(loaded: Loaded, path: Path, request: Request) -> None:
    """Copy the file."""
    assert loaded.file is not None
    shutil.copyfile(loaded.file, path)


def read(path: Path) -> Any:
    """Open a file; one with code in it (a Lambda layer, a class of the user's own) is refused.

    Raises:
        UnsupportedError: it holds code, is damaged, has another number of inputs, or free sizes.
    """
    import keras

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError, zipfile.BadZipFile) as error:
        words = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"truncated, not Keras, or with code in it: {words}") from error
    if len(model.inputs) != 1:
        raise UnsupportedError(f"has {len(model.inputs)} inputs; valid: exactly one, an image")
    return model


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the file in Keras on TensorFlow."""
    import tensorflow as tf

    model = read(path)
    function = tf.function(lambda image: model(image, training=False))
    return lambda batch: np.asarray(tf.nest.flatten(function(tf.constant(batch)))[0])

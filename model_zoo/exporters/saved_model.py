"""TensorFlow's SavedModel by onnx2tf, packed into one zip file, which the backend unpacks."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _onnx2tf
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
    """Convert an ONNX file; entries go by name and have no times, so that equal files are equal bytes."""
    import tensorflow as tf

    model = _onnx2tf.network(source)
    tf.saved_model.save(model, "saved", signatures={"serving_default": _onnx2tf.function(model)})
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(path for path in Path("saved").rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to("saved")))
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Unpack it into the current directory and open it in TensorFlow."""
    import tensorflow as tf

    with zipfile.ZipFile(path) as archive:
        archive.extractall("opened")
    opened = tf.saved_model.load("opened")
    serve = opened.signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        assert opened is not None  # a signature does not keep its model alive
        return np.asarray(next(iter(serve(**{name: tf.constant(batch)}).values())))

    return infer

"""TensorFlow's files: what writing and opening them has in common, whatever made the model."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.request import Request

Floats = NDArray[np.float32]
_full_integer: dict[Path, bytes] = {}
"""Of the last source: calibration takes most of such a conversion, and two types of input and output share it."""


def signature(model: Any) -> Any:
    """Return the description of a Keras model's input, as a batch of one."""
    import tensorflow as tf

    return tf.TensorSpec([1, *model.inputs[0].shape[1:]], tf.float32, "input")


def write_tflite(converter: Any, source: Path, path: Path, request: Request) -> None:
    """Write a TensorFlow Lite file; the integer ones have 8-bit input and output.

    Args:
        converter: a ``tf.lite.TFLiteConverter`` of the model in ``source``.
    """
    import tensorflow as tf

    if request.precision in ("int8", "uint8"):
        path.write_bytes(_integer(converter, source, request))
        return
    if request.precision == "fp16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    path.write_bytes(converter.convert())


def _integer(converter: Any, source: Path, request: Request) -> bytes:
    """Return the full-integer file, whose input and output are given their type last, as the converter itself does."""
    import tensorflow as tf
    from tensorflow.lite.python.util import modify_model_io_type

    if source not in _full_integer:
        _full_integer.clear()
        images = np.ascontiguousarray(request.calibration.transpose(0, 2, 3, 1))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        _full_integer[source] = bytes(converter.convert())
    kind = {"int8": tf.int8, "uint8": tf.uint8}[request.precision]
    return bytes(modify_model_io_type(_full_integer[source], kind, kind))


def open_tflite(interpreter_class: Any, path: Path) -> Callable[[Floats], Floats]:
    """Return the function from float32 to float32; 8-bit inputs and outputs are converted by the file's own scales.

    Args:
        interpreter_class: of the package that is installed.
    """
    interpreter = interpreter_class(model_path=str(path))
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def infer(batch: Floats) -> Floats:
        interpreter.set_tensor(entry["index"], _quantised(batch, entry))
        interpreter.invoke()
        return _restored(interpreter.get_tensor(result["index"]), result)

    return infer


def pack(folder: Path, path: Path) -> None:
    """Pack a SavedModel's directory into one zip file, by name and without times."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(found for found in folder.rglob("*") if found.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)))
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def open_saved_model(path: Path) -> Callable[[Floats], Floats]:
    """Unpack it into the current directory and open it in TensorFlow."""
    import tensorflow as tf

    with zipfile.ZipFile(path) as archive:
        archive.extractall("opened")
    opened = tf.saved_model.load("opened")
    serve = opened.signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]

    def infer(batch: Floats) -> Floats:
        assert opened is not None  # a signature does not keep its model alive
        return np.asarray(next(iter(serve(**{name: tf.constant(batch)}).values())))

    return infer


def _quantised(values: Floats, details: dict[str, Any]) -> NDArray[Any]:
    kind, (scale, zero_point) = details["dtype"], details["quantization"]
    if kind == np.float32:
        return values
    limits = np.iinfo(kind)
    return np.clip(np.round(values / scale) + zero_point, limits.min, limits.max).astype(kind)


def _restored(values: NDArray[Any], details: dict[str, Any]) -> Floats:
    scale, zero_point = details["quantization"]
    if details["dtype"] == np.float32:
        return values
    return ((values.astype(np.float32) - zero_point) * scale).astype(np.float32)

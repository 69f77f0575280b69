"""A TensorFlow Lite file as a function, whichever package the interpreter comes from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def opened(interpreter_class: Any, path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the function from float32 to float32; 8-bit inputs and outputs are converted by the file's own scales."""
    interpreter = interpreter_class(model_path=str(path))
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        interpreter.set_tensor(entry["index"], _quantised(batch, entry))
        interpreter.invoke()
        return _restored(interpreter.get_tensor(result["index"]), result)

    return infer


def _quantised(values: NDArray[np.float32], details: dict[str, Any]) -> NDArray[Any]:
    kind, (scale, zero_point) = details["dtype"], details["quantization"]
    if kind == np.float32:
        return values
    limits = np.iinfo(kind)
    return np.clip(np.round(values / scale) + zero_point, limits.min, limits.max).astype(kind)


def _restored(values: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero_point = details["quantization"]
    if details["dtype"] == np.float32:
        return values
    return ((values.astype(np.float32) - zero_point) * scale).astype(np.float32)

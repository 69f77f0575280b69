"""Full-integer int8: weights by channel and activations by tensor, ranges from the recorded calibration images.

Quantise and dequantise nodes (QDQ) stand around each operator; input and output stay float32.
"""

import hashlib
from pathlib import Path
from typing import Any

from model_zoo.errors import UnsupportedError
from model_zoo.model import Model
from model_zoo.source import Loaded
from model_zoo.verification import Floats, Tolerance

NAMES = ("int8",)
TOLERANCE = Tolerance(atol=4.0, rtol=0.1, correlation=0.7, top1_agreement=0.8)


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return True


def transform(loaded: Loaded, name: str, model: Model) -> Loaded:
    """Return the network unchanged: the exported file is quantised."""
    return loaded


def finish(path: Path, format_name: str, calibration: Floats) -> dict[str, Any]:
    """Quantise an ONNX file in place; return how many inputs calibrated it and the digest of their bytes.

    Raises:
        UnsupportedError: another format.
    """
    if format_name != "onnx":
        raise UnsupportedError(f"int8 is made of ONNX files here, not of {format_name}")
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, quantised = path.with_name("prepared.onnx"), path.with_name("quantised.onnx")
    quant_pre_process(str(path), str(prepared))
    quantization.quantize_static(
        str(prepared),
        str(quantised),
        _Reader(calibration, _input_name(path)),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    prepared.unlink()
    quantised.replace(path)
    digest = hashlib.sha256(calibration.tobytes()).hexdigest()
    return {"calibration": {"n": len(calibration), "sha256": digest}}


class _Reader:
    """Gives the calibration inputs one at a time, as onnxruntime asks for them."""

    def __init__(self, inputs: Floats, name: str) -> None:
        self._batches = iter([{name: inputs[i : i + 1]} for i in range(len(inputs))])

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._batches, None)


def _input_name(path: Path) -> str:
    import onnx

    return str(onnx.load(str(path), load_external_data=False).graph.input[0].name)

"""Full-integer ONNX: weights by channel and activations by tensor, ranges from the calibration images.

Quantise and dequantise nodes (QDQ) stand around each operator; input and output stay float32.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def quantise(path: Path, calibration: Floats, symmetric: bool = False) -> None:
    """Quantise an ONNX file in place.

    Args:
        calibration: (n, C, H, W).
        symmetric: activations as int8 around zero and biases left in float32, which is all that TensorRT takes.
    """
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, quantised = path.with_name("prepared.onnx"), path.with_name("quantised.onnx")
    name = str(onnx.load(str(path), load_external_data=False).graph.input[0].name)
    quant_pre_process(str(path), str(prepared))
    quantization.quantize_static(
        str(prepared),
        str(quantised),
        _Reader(calibration, name),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QInt8 if symmetric else quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        extra_options={"ActivationSymmetric": True, "QuantizeBias": False} if symmetric else None,
    )
    prepared.unlink()
    quantised.replace(path)


class _Reader:
    """Gives the calibration inputs one at a time, as onnxruntime asks for them."""

    def __init__(self, inputs: Floats, name: str) -> None:
        self._batches = iter([{name: inputs[i : i + 1]} for i in range(len(inputs))])

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._batches, None)

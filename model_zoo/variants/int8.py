"""Full-integer int8: weights by channel and activations by tensor, ranges from the recorded calibration images.

``uint8`` is the same with unsigned input and output, which TensorFlow Lite alone knows. What the input and the output
of ``int8`` are is the format's choice: float32 in ONNX and OpenVINO, int8 in TensorFlow Lite.
"""

from model_zoo.verification import Tolerance

NAMES = ("int8", "uint8")
TOLERANCE = Tolerance(atol=4.0, rtol=0.1, correlation=0.5, top1_agreement=0.8)
"""Real weights are held by their top-1. Of random ones ResNeXt-50 keeps a correlation of 0.64; a wrong order of axes
has less than 0.2."""


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return True


def precision(name: str) -> str:
    """Return the precision that the exporters are asked for."""
    return name

"""Half precision inside, single precision at the input and the output, so that the same images go in."""

from model_zoo.verification import Tolerance

NAMES = ("fp16",)
TOLERANCE = Tolerance(atol=0.5, rtol=0.02, correlation=0.95, top1_agreement=0.9)


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return True


def precision(name: str) -> str:
    """Return the precision that the exporters are asked for."""
    return "fp16"

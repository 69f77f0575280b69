"""Single precision: the network as it is."""

from model_zoo.verification import Tolerance

NAMES = ("fp32",)
TOLERANCE = Tolerance(atol=2e-3, rtol=1e-3, correlation=0.9999, top1_agreement=1.0)


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return True


def precision(name: str) -> str:
    """Return the precision that the exporters are asked for."""
    return "fp32"

"""Single precision: the network as it is."""

from model_zoo.source import Loaded
from model_zoo.verification import Tolerance

NAMES = ("fp32",)
TOLERANCE = Tolerance(atol=2e-3, rtol=1e-3, top1_agreement=1.0)


def transform(loaded: Loaded, name: str) -> Loaded:
    """Return the network unchanged."""
    return loaded

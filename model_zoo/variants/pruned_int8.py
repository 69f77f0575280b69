"""Pruned, fine-tuned and then quantised: ameen2023's smallest files."""

from model_zoo.model import Model
from model_zoo.source import Loaded
from model_zoo.variants import int8, pruned

_SUFFIX = "_int8"
NAMES = tuple(f"{name}{_SUFFIX}" for name in pruned.NAMES)
TOLERANCE = int8.TOLERANCE


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return pruned.applies(weights)


def precision(name: str) -> str:
    """Return the precision that the exporters are asked for."""
    return "int8"


def transform(loaded: Loaded, name: str, model: Model) -> Loaded:
    """Return a pruned and fine-tuned copy of the network, which the exporters quantise.

    Raises:
        UnsupportedError: the network is not one that is trained here.
    """
    return pruned.transform(loaded, name.removesuffix(_SUFFIX), model)

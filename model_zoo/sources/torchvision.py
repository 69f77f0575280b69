"""``torchvision:<constructor>``, with the weights that torchvision publishes."""

from pathlib import Path

from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, choose_weights, digest_in_name

PACKAGES = ("torch", "torchvision")
GIVES = "torch"


def code_files(model: Model) -> list[Path]:
    """Return the source files beyond this one that shape the network: none, torchvision's version does."""
    return []


def declared_weights(model: Model) -> str:
    """Return the best kind of weights the model can have where the network is there."""
    return "pretrained" if model.weights else "seeded_random"


def load(request: Request) -> Loaded:
    """Build the network that torchvision constructs under this name.

    Raises:
        ZooError: torchvision has no such constructor or weights.
    """
    from model_zoo import torch_setup

    torch_setup.define_torchvision_operators()
    from torchvision import models

    model = request.model
    try:
        constructor = models.get_model_builder(model.source_argument)
        address = models.get_weight(model.weights).url if model.weights else None
    except ValueError as error:
        raise ZooError(f"{model.defined_in}: [{model.name}]: {error}") from error
    return choose_weights(
        request, lambda: constructor(weights=None, **model.arguments), address, digest_in_name(address)
    )

"""``python:<module>:<callable>``: a torch network from the user's own code, with weights by address and digest."""

import importlib
import importlib.util
from pathlib import Path

from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, choose_weights

PACKAGES = ("torch",)
GIVES = "torch"


def code_files(model: Model) -> list[Path]:
    """Return the file of the user's module.

    Raises:
        ZooError: the module is not on Python's path.
    """
    name = model.source_argument.partition(":")[0]
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise ZooError(
            f"{model.defined_in}: [{model.name}] source: there is no module {name!r} on Python's path"
        )
    return [Path(found.origin)]


def declared_weights(model: Model) -> str:
    """Return the best kind of weights the model can have where the network is there."""
    return "pretrained" if model.weights else "seeded_random"


def load(request: Request) -> Loaded:
    """Call the callable with the entry's arguments; it returns a ``torch.nn.Module``.

    Raises:
        ZooError: there is no such module or callable, or it returns something else.
    """
    from torch import nn

    model = request.model
    where = f"{model.defined_in}: [{model.name}] source"
    code_files(model)
    module_name, _, attribute = model.source_argument.partition(":")
    constructor = getattr(importlib.import_module(module_name), attribute, None)
    if not callable(constructor):
        raise ZooError(
            f"{where}: {module_name} has no callable {attribute!r}; valid: python:<module>:<callable>"
        )

    def build() -> nn.Module:
        network = constructor(**model.arguments)
        if not isinstance(network, nn.Module):
            raise ZooError(
                f"{where}: {attribute} returned a {type(network).__name__}; valid: a torch.nn.Module"
            )
        return network

    return choose_weights(request, build, model.weights, model.sha256)

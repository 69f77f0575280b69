"""``timm:<architecture>``, with the weights that timm publishes under the entry's tag."""

from pathlib import Path

from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, choose_weights, digest_in_name

PACKAGES = ("torch", "timm")
GIVES = "torch"


def code_files(model: Model) -> list[Path]:
    """Return the source files beyond this one that shape the network: none, timm's version does."""
    return []


def declared_weights(model: Model) -> str:
    """Return the best kind of weights the model can have where the network is there."""
    return "pretrained" if model.weights else "seeded_random"


def load(request: Request) -> Loaded:
    """Build the network that timm constructs under this name.

    Raises:
        ZooError: timm has no such architecture or tag.
    """
    from model_zoo import torch_setup

    torch_setup.define_torchvision_operators()
    import timm

    model = request.model
    where = f"{model.defined_in}: [{model.name}]"
    if not timm.is_model(model.source_argument):
        raise ZooError(f"{where} source: timm has no {model.source_argument!r}")
    address = None
    if model.weights is not None:
        published = timm.get_pretrained_cfg(f"{model.source_argument}.{model.weights}")
        if published is None:
            raise ZooError(f"{where} weights: timm has no {model.weights!r} for {model.source_argument}")
        address = str(published.url) if published.url else None
    return choose_weights(
        request,
        lambda: timm.create_model(model.source_argument, **model.arguments),
        address,
        digest_in_name(address),
    )

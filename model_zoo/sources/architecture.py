"""``architecture:<module>``: a network of ``model_zoo.architectures``, trained there where it can be."""

from pathlib import Path

from model_zoo import plugins
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, choose_weights

PACKAGES = ("torch", "torchvision")
GIVES = "torch"


def code_files(model: Model) -> list[Path]:
    """Return the source files beyond this one that shape the network."""
    return [Path(__file__).parent.parent / "architectures" / f"{model.source_argument}.py"]


def declared_weights(model: Model) -> str:
    """Return the best kind of weights the model can have where the network is there."""
    if "\ndef train(" in code_files(model)[0].read_text(encoding="utf-8"):
        return "trained"
    return "pretrained" if model.weights else "seeded_random"


def load(request: Request) -> Loaded:
    """Build the network, and train it where its module knows how.

    Raises:
        ZooError: there is no such module.
    """
    import torch

    from model_zoo import torch_setup

    model = request.model
    architecture = plugins.load("architectures", model.source_argument)
    if not hasattr(architecture, "train") or _cannot_train(request):
        return choose_weights(
            request, lambda: architecture.build(**model.arguments), model.weights, model.sha256
        )
    torch.manual_seed(model.seed)
    network = architecture.build(**model.arguments)
    with torch_setup.one_thread():
        detail = architecture.train(network, model)
    return Loaded("trained", f"seed {model.seed}; {detail}", network.eval())


def _cannot_train(request: Request) -> bool:
    """Return whether the data set to train on was not to be had, so that other images stand in for it."""
    return request.dataset.name != request.model.dataset

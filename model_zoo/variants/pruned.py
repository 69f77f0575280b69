"""Magnitude pruning with fine-tuning, at the nine sparsity levels of ameen2023.

In each convolution and linear layer the smallest weights are set to zero, then the network is trained on with the
zeros held, for a few epochs. Biases and normalisation are left alone.
"""

import copy
from typing import TYPE_CHECKING

from model_zoo import plugins
from model_zoo.errors import UnsupportedError
from model_zoo.model import Model
from model_zoo.source import Loaded
from model_zoo.verification import Tolerance

if TYPE_CHECKING:
    from torch import nn

LEVELS = (25, 50, 60, 70, 80, 90, 95, 97, 99)
NAMES = tuple(f"pruned_{level}" for level in LEVELS)
TOLERANCE = Tolerance(atol=2e-3, rtol=1e-3, correlation=0.9999, top1_agreement=1.0)
EPOCHS = 5


def applies(weights: str) -> bool:
    """Return whether the variant can be made of a model whose best weights are of this kind."""
    return weights == "trained"


def precision(name: str) -> str:
    """Return the precision that the exporters are asked for."""
    return "fp32"


def transform(loaded: Loaded, name: str, model: Model) -> Loaded:
    """Return a pruned and fine-tuned copy of the network.

    Raises:
        UnsupportedError: the network is not one that is trained here.
    """
    if loaded.weights != "trained":
        raise UnsupportedError("pruning needs fine-tuning, and this model has no training here")
    import torch
    from torch.nn.utils import prune

    from model_zoo import torch_setup

    sparsity = int(name.removeprefix("pruned_")) / 100
    torch.manual_seed(model.seed)
    network = copy.deepcopy(loaded.network())
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    for layer in layers:
        prune.l1_unstructured(layer, "weight", amount=sparsity)
    architecture = plugins.load("architectures", model.source_argument)
    with torch_setup.one_thread():
        tuning = architecture.train(network, model, EPOCHS)
    for layer in layers:
        prune.remove(layer, "weight")
    detail = {"sparsity": sparsity, "parameters_left": _nonzero(network), "fine_tuning": tuning}
    return Loaded("trained", f"{loaded.weights_detail}; pruned and fine-tuned", network.eval(), detail=detail)


def _nonzero(network: "nn.Module") -> int:
    return sum(int(parameter.count_nonzero()) for parameter in network.parameters())

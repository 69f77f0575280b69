"""Put weights into a torch network: from a file without code in it, or random by seed."""

import pickle
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from model_zoo import torch_setup
from model_zoo.dataset import Dataset
from model_zoo.errors import ZooError
from model_zoo.model import Model

_BATCH, _BATCHES = 8, 2
_RESIDUAL_SCALE = 0.2
"""Of residual branches whose own initialisation starts them at nothing (torchvision's ``zero_init_residual``, timm's
default). At nothing they could not be quantised; at one, random branches drown what tells images apart, block by block:
in half precision four fifths of ResNet-152's answers were rounding."""


def load_into(module: nn.Module, path: Path) -> nn.Module:
    """Load a state dictionary into a network and return it in evaluation mode.

    Only tensors are read: a file with pickled code is refused. Parts that the network was built without, such as
    auxiliary classifiers, are left out.

    Raises:
        ZooError: the file is truncated, holds code, or does not fit the network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        parts = {name for name, _ in module.named_children()}
        module.load_state_dict({key: value for key, value in state.items() if key.split(".")[0] in parts})
    except pickle.UnpicklingError as error:
        raise ZooError(f"{path}: refused: not a plain file of weights (weights only, no code)") from error
    except (RuntimeError, EOFError, OSError, TypeError) as error:
        raise ZooError(f"{path}: cannot be loaded: {str(error).splitlines()[0]}") from error
    return module.eval()


def seeded(build: Callable[[], nn.Module], model: Model, dataset: Dataset) -> nn.Module:
    """Return the network with its own initialisation under the model's seed, in evaluation mode.

    The statistics of batch normalisation are taken from calibration images: with the untouched ones (0 and
    1) activations grow or fade from layer to layer. The last linear layer is then centred and scaled over the
    same images: without that the bias they share decides, and every image gets the same best class. One thread, so
    that the weights are the same to the bit whatever the number of cores.
    """
    torch.manual_seed(model.seed)
    module = build().eval()
    norms = [layer for layer in module.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        if norm.affine and not norm.weight.any():
            nn.init.constant_(norm.weight, _RESIDUAL_SCALE)
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    inputs = torch.from_numpy(model.preprocess.apply(dataset.calibration[: _BATCH * _BATCHES]))
    with torch.no_grad(), torch_setup.one_thread():
        if norms:
            for batch in inputs.split(_BATCH):
                module(batch)
        module.eval()
        _spread_answers(module, inputs)
    return module


def _spread_answers(module: nn.Module, inputs: torch.Tensor) -> None:
    last = list(module.modules())[-1]
    if not isinstance(last, nn.Linear) or last.bias is None:
        return
    logits = torch.cat([module(batch) for batch in inputs.split(_BATCH)])
    centre, spread = logits.mean(dim=0), logits.std(dim=0).mean()
    last.weight /= spread
    last.bias.copy_((last.bias - centre) / spread)

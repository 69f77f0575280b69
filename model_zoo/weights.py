"""Put weights into a torch network: from a file without code in it, or random by seed."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from model_zoo import torch_setup
from model_zoo.dataset import Dataset
from model_zoo.errors import ZooError
from model_zoo.model import Model

_Norm = nn.modules.batchnorm._BatchNorm
_ADDITIONS = (torch.ops.aten.add.Tensor, torch.ops.aten.add_.Tensor)
_BATCH, _BATCHES = 8, 2
_RESIDUAL_SCALE = 0.2
"""Of the normalisation that ends a residual branch. At one, random branches drown block by block what tells images
apart: half of what ResNet-152 answered in half precision was rounding. At nothing, as training may start them (timm
does), they could not be quantised."""


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
    norms = [layer for layer in module.modules() if isinstance(layer, _Norm)]
    inputs = torch.from_numpy(model.preprocess.apply(dataset.calibration[: _BATCH * _BATCHES]))
    with torch.no_grad(), torch_setup.one_thread():
        for norm in _ends_of_branches(module, norms, inputs[:1]):
            nn.init.constant_(norm.weight, _RESIDUAL_SCALE)
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        if norms:
            for batch in inputs.split(_BATCH):
                module(batch)
        module.eval()
        _spread_answers(module, inputs)
    return module


class _Additions(TorchDispatchMode):
    """Notes of each addition a normalisation that gives its operand, and gives it to nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[_Norm] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = [operand for operand in args if hasattr(operand, "normalised_by")]
        if func in _ADDITIONS:
            self.added += [operand.normalised_by for operand in given[:1]]
        for operand in given:
            del operand.normalised_by  # who takes it later goes around a branch that started here
        return func(*args, **(kwargs or {}))


def _ends_of_branches(module: nn.Module, norms: list[_Norm], inputs: torch.Tensor) -> list[_Norm]:
    """Return the normalisations whose output is added to something: one of each addition."""

    def mark(norm: _Norm, _: Any, output: torch.Tensor) -> None:
        output.normalised_by = norm  # type: ignore[attr-defined]

    hooks = [norm.register_forward_hook(mark) for norm in norms if norm.affine]
    with _Additions() as additions:
        module(inputs)
    for hook in hooks:
        hook.remove()
    return additions.added


def _spread_answers(module: nn.Module, inputs: torch.Tensor) -> None:
    last = list(module.modules())[-1]
    if not isinstance(last, nn.Linear) or last.bias is None:
        return
    logits = torch.cat([module(batch) for batch in inputs.split(_BATCH)])
    centre, spread = logits.mean(dim=0), logits.std(dim=0).mean()
    last.weight /= spread
    last.bias.copy_((last.bias - centre) / spread)

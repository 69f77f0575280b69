"""Torch as the builders need it: quiet, deterministic, and with a torchvision that has no CPU build."""

import contextlib
import warnings
from collections.abc import Iterator

import torch

from model_zoo.exporters import _threads

_operators: list[torch.library.Library] = []


def prepare(threads: int) -> None:
    """Set the number of threads, here and in the converters' processes; choose deterministic kernels; be quiet."""
    torch.set_num_threads(threads)
    _threads.limit(threads)
    torch.use_deterministic_algorithms(True)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*(legacy TorchScript-based|torch.jit|Constant folding).*")
    # A trace in which a number should have stayed a variable gives wrong answers, which verification finds.
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: small networks train faster so, and to the same bits whatever the number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def define_torchvision_operators() -> None:
    """Declare torchvision's compiled operators, which its import expects and a CPU build of torch lacks.

    Only the names are declared: a model that calls them fails with a clear error. Does nothing where they
    exist or where torch is a CUDA build, whose torchvision brings its own.
    """
    if torch.version.cuda is not None or _operators or hasattr(torch.ops.torchvision, "nms"):
        return
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _operators.append(library)

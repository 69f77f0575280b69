"""ExecuTorch: the program of ``torch.export``, lowered to XNNPACK where that takes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _provenance
from model_zoo.request import Request

EXTENSION = "pte"
FILE_FORMAT = "executorch"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = {"fp32": "fp32", "int8": "fp32"}
PACKAGES = ("executorch", "torch")
ENVIRONMENT = "linux-x86_64-cp311/executorch"
SOURCE = "torch_export"


def convert(source: Path, path: Path, request: Request) -> None:
    """Lower an exported program; full-integer ones are calibrated and quantised first, weights by channel.

    The program is exported anew from its module: as it was saved, what is lowered fails when it is executed.
    """
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower

    _provenance.share()
    module = torch.export.load(str(source)).module()
    if request.precision == "int8":
        module = _quantised(module, request)
    program = torch.export.export(module, (torch.from_numpy(request.example.copy()),))
    unchecked = EdgeCompileConfig(
        _check_ir_validity=False
    )  # after each pass; the file is verified as a whole
    lowered = to_edge_transform_and_lower(
        program, partitioner=[XnnpackPartitioner()], compile_config=unchecked
    )
    path.write_bytes(lowered.to_executorch().buffer)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the program in ExecuTorch's Python runtime."""
    import torch
    from executorch.runtime import Runtime

    program = Runtime.get().load_program(str(path))
    method = program.load_method("forward")

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        assert program is not None  # a method does not keep its program alive
        return np.array(method.execute([torch.from_numpy(batch)])[0].numpy(), np.float32)

    return infer


def _quantised(module: Any, request: Request) -> Any:
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    prepared = prepare_pt2e(module, quantizer)
    for image in request.calibration:
        prepared(torch.from_numpy(image[None]))
    return convert_pt2e(prepared)

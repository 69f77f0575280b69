"""A model of a few hundred bytes that needs more memory than a small board has: gigabytes of intermediate tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import linear_digits
import numpy as np
import onnx
from onnx import TensorProto, helper

PARTS, PART_FLOATS = 24, 64 << 20  # 24 tensors of 256 MiB, which all live until the last one is there


def spec(directory: Path, board: str, kind: str, root: str, python: str) -> dict[str, Any]:
    """Write the model in the place of the linear digits' and return its cell.

    Each tensor alone is small enough for the kernel to promise it; they are more than it has.
    """
    artifacts = linear_digits.write(directory)
    (directory / "model.onnx").write_bytes(_model())
    return artifacts.spec(board, kind, "onnx", root, python)


def _model() -> bytes:
    size = linear_digits.SIZE
    floats = TensorProto.FLOAT
    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=1)]
    constants = [onnx.numpy_helper.from_array(np.array([1, 1, 1, PART_FLOATS]), "shape")]
    parts = []
    for index in range(PARTS):
        constants.append(onnx.numpy_helper.from_array(np.float32(index), f"offset_{index}"))
        nodes.append(helper.make_node("Add", ["mean", f"offset_{index}"], [f"value_{index}"]))
        nodes.append(helper.make_node("Expand", [f"value_{index}", "shape"], [f"part_{index}"]))
        parts.append(f"part_{index}")
    nodes.append(helper.make_node("Max", parts, ["largest"]))
    nodes.append(helper.make_node("ReduceMean", ["largest"], ["one"], axes=[2, 3], keepdims=0))
    nodes.append(helper.make_node("Concat", ["one"] * linear_digits.CLASSES, ["output"], axis=1))
    graph = helper.make_graph(
        nodes,
        "hoarder",
        [helper.make_tensor_value_info("input", floats, [1, 1, size, size])],
        [helper.make_tensor_value_info("output", floats, [1, linear_digits.CLASSES])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content

"""ONNX as TensorRT takes it: int32 in the place of int64, and quantised symmetrically.

Where ONNX itself insists on int64 (the shape of Reshape), the values are kept within int32, to which TensorRT casts
them. The engine is built from the file on the board: no other board could run it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model_zoo.exporters import _onnx_int8
from model_zoo.exporters import onnx as plain
from model_zoo.request import Request
from model_zoo.source import Loaded

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

EXTENSION, FILE_FORMAT, LAYOUT, OPSET, PACKAGES = "onnx", "onnx", "NCHW", True, plain.PACKAGES
PRECISIONS = ("fp32", "fp16", "int8")
TAKES = plain.TAKES
load = plain.load
_INT32 = np.iinfo(np.int32)


def export(loaded: Loaded, path: Path, request: Request) -> dict[str, Any]:
    """Write the network; return how many int64 tensors became int32, stayed, and had values beyond int32."""
    import onnx

    plain.write(loaded, path, request)
    if request.precision == "int8":
        _onnx_int8.quantise(path, request.calibration, symmetric=True)
    model = onnx.load(str(path))
    counts = narrow(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
    return {"int64": counts}


def narrow(model: "ModelProto") -> dict[str, int]:
    """Replace constant int64 inputs by int32 where their operators take it; keep the others' values within it."""
    from onnx import TensorProto, numpy_helper

    _constants_to_initialisers(model)
    graph = model.graph
    known = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == TensorProto.INT64}
    narrowed, clamped = set(), 0
    for name, tensor in known.items():
        values = numpy_helper.to_array(tensor)
        bounded = np.clip(values, _INT32.min, _INT32.max)
        if (bounded != values).any():
            clamped += 1
            tensor.CopyFrom(numpy_helper.from_array(bounded, name))
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    for node in graph.node:
        for index in _narrowable(node, opset, known):
            name = node.input[index]
            if name not in narrowed:
                values = numpy_helper.to_array(known[name]).astype(np.int32)
                graph.initializer.append(numpy_helper.from_array(values, f"{name}_int32"))
                narrowed.add(name)
            node.input[index] = f"{name}_int32"
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    return {"to_int32": len(narrowed), "left": len(known.keys() & used), "clamped": clamped}


def _narrowable(node: "NodeProto", opset: int, known: "dict[str, Any]") -> list[int]:
    """Return the inputs whose operator takes int32 as well, with all inputs of the same type and no output of it."""
    from onnx import defs

    try:
        schema = defs.get_schema(node.op_type, opset, node.domain)
    except defs.SchemaError:
        return []
    allowed = {
        constraint.type_param_str: constraint.allowed_type_strs for constraint in schema.type_constraints
    }
    results = {output.type_str for output in schema.outputs}
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(node.input):
        if name:
            groups.setdefault(schema.inputs[min(index, len(schema.inputs) - 1)].type_str, []).append(index)
    return [
        index
        for kind, group in groups.items()
        if kind not in results and "tensor(int32)" in allowed.get(kind, ())
        if all(node.input[index] in known for index in group)
        for index in group
    ]


def _constants_to_initialisers(model: "ModelProto") -> None:
    from onnx import numpy_helper

    graph = model.graph
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        (attribute,) = node.attribute
        if attribute.name == "value":
            values = numpy_helper.to_array(attribute.t)
            graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)

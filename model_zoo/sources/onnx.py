"""``onnx:<path or address>``: an ONNX file of the user's, held to its SHA-256."""

from pathlib import Path
from typing import TYPE_CHECKING

from model_zoo.errors import ZooError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request, own_file

if TYPE_CHECKING:
    from onnx import ModelProto

PACKAGES = ("onnx",)
GIVES = "onnx"
_STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")


def code_files(model: Model) -> list[Path]:
    """Return no files: the entry's digest stands for the model."""
    return []


def declared_weights(model: Model) -> str:
    """Return the kind of weights the file has."""
    return "pretrained"


def load(request: Request) -> Loaded:
    """Fetch or find the file, and check that every runtime can be given it.

    Raises:
        ZooError: no digest is stated, it is another one, or the file is unreachable, truncated, has operators that are
            not ONNX's own, dynamic shapes, or another input than the entry states.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    model = request.model
    path = own_file(model, request.folder)
    try:
        proto = onnx.load(str(path))
        onnx.checker.check_model(proto)
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise ZooError(f"{path}: truncated or not ONNX: {str(error).splitlines()[0]}") from error
    _check_operators(path, proto)
    initialisers = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in initialisers]
    if len(inputs) != 1:
        raise ZooError(
            f"{path}: has inputs {', '.join(i.name for i in inputs)}; valid: exactly one, an image"
        )
    _check_shape(path, inputs[0].name, [_size(d) for d in inputs[0].type.tensor_type.shape.dim], model)
    names = (inputs[0].name, proto.graph.output[0].name)
    return Loaded("pretrained", f"{model.source_argument} sha256:{model.sha256}", file=path, names=names)


def _check_operators(path: Path, proto: "ModelProto") -> None:
    custom = {
        f"{node.domain}.{node.op_type}" for node in proto.graph.node if node.domain not in _STANDARD_DOMAINS
    }
    if custom:
        raise ZooError(f"{path}: custom operators, which no backend has: {', '.join(sorted(custom))}")


def _check_shape(path: Path, name: str, found: list[int | str], model: Model) -> None:
    if any(isinstance(size, str) for size in found):
        fix = "onnxruntime.tools.make_dynamic_shape_fixed"
        raise ZooError(
            f"{path}: input {name} has the dynamic shape {found}; valid: fixed sizes (python -m {fix})"
        )
    if tuple(found) != model.input_shape:
        raise ZooError(
            f"{path}: input {name} is {found}, [{model.name}] input says {list(model.input_shape)}"
        )


def _size(dimension: "object") -> int | str:
    parameter = str(getattr(dimension, "dim_param", ""))
    value = int(getattr(dimension, "dim_value", 0))
    return value if value > 0 else parameter or "?"

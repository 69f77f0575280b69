"""int64 gives way to int32 where ONNX lets it, and the answers stay."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from model_zoo.exporters import onnx as plain
from model_zoo.exporters import onnx_tensorrt

HUGE = 2**62
"""As exporters write the end of a slice that has none."""


@pytest.fixture
def model() -> onnx.ModelProto:
    """A slice, a gather and a reshape of (1, 4, 6), with int64 constants as exporters write them."""
    constants = {
        "starts": [1],
        "ends": [HUGE],
        "axes": [1],
        "shape": [1, -1],
        "index": [2, 0],
    }
    nodes = [
        helper.make_node(
            "Constant", [], [name], value=numpy_helper.from_array(np.array(values, np.int64), name)
        )
        for name, values in constants.items()
    ]
    nodes += [
        helper.make_node("Slice", ["input", "starts", "ends", "axes"], ["sliced"]),
        helper.make_node("Gather", ["sliced", "index"], ["gathered"], axis=2),
        helper.make_node("Reshape", ["gathered", "shape"], ["output"]),
    ]
    shapes = {"input": [1, 4, 6], "output": [1, 6]}
    values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in shapes.items()}
    graph = helper.make_graph(nodes, "made", [values["input"]], [values["output"]])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_constants_become_int32_where_the_operator_takes_it(model: onnx.ModelProto, tmp_path: Path) -> None:
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    onnx.save(model, str(before))
    assert onnx_tensorrt.narrow(model) == {"to_int32": 4, "left": 1, "clamped": 1}
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(after))
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert kinds == {
        "shape": TensorProto.INT64,  # Reshape takes nothing else
        **dict.fromkeys(["starts_int32", "ends_int32", "axes_int32", "index_int32"], TensorProto.INT32),
    }
    image = np.random.default_rng(1).standard_normal((1, 4, 6)).astype(np.float32)
    np.testing.assert_array_equal(plain.load(after)(image), plain.load(before)(image))


def test_no_value_is_beyond_int32(model: onnx.ModelProto) -> None:
    onnx_tensorrt.narrow(model)
    for tensor in model.graph.initializer:
        assert np.abs(numpy_helper.to_array(tensor).astype(np.float64)).max() <= 2**31

"""What onnx2tf is given, and what is kept of what it says; its conversions themselves are in ``make formats``."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from model_zoo.architectures import _grid
from model_zoo.exporters import _onnx2tf


def network(path: Path, output: list[int | str]) -> Path:
    """Write a network of one operator whose output's shape is declared so."""
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
    )
    onnx.save(helper.make_model(graph), str(path))
    return path


@pytest.mark.parametrize(("declared", "size"), [([1, 2, 3, 4], 24), ([1, 2, "rows", 4], 0)])
def test_a_size_that_the_file_does_not_say_is_not_taken_for_nothing(
    tmp_path: Path, declared: list[int | str], size: int
) -> None:
    _onnx2tf._flatten_output(network(tmp_path / "a.onnx", declared), tmp_path / "b.onnx")
    (output,) = onnx.load(str(tmp_path / "b.onnx")).graph.output
    last = output.type.tensor_type.shape.dim[1]
    assert last.dim_value == size
    assert last.HasField("dim_value") == (size > 0)


def test_a_network_that_is_refused_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(source: Path) -> None:
        asked.append(source)
        raise ValueError("no such operator")

    monkeypatch.setattr(_onnx2tf, "_module", refuse)
    for name in ("a", "a", "b"):
        with pytest.raises(ValueError, match="no such operator"):
            _onnx2tf.network(tmp_path / name)
    assert [source.name for source in asked] == ["a", "b"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_trace_of_a_grid_detector_computes_no_shapes(tmp_path: Path) -> None:
    class Detector(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return _grid.rows([x, x[:, :, ::2, ::2]], anchors=2)

    x = torch.arange(1 * 6 * 4 * 4, dtype=torch.float32).reshape(1, 6, 4, 4)
    torch.onnx.export(Detector(), (x,), str(tmp_path / "d.onnx"), opset_version=17, dynamo=False)
    graph = onnx.load(str(tmp_path / "d.onnx")).graph
    assert "Shape" not in {node.op_type for node in graph.node}
    assert [size.dim_value for size in graph.output[0].type.tensor_type.shape.dim] == [1, 40, 3]
    table = Detector()(x)[0].numpy()
    np.testing.assert_array_equal(table[16], x[0, 3:, 0, 0])  # the first cell of the second anchor

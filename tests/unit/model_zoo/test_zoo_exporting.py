"""Which exporter writes what from what, and what is refused before anything is written."""

from pathlib import Path

import numpy as np
import pytest

from model_zoo import catalogue, converter_environment, exporting, plugins
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.exporters import _torch, edgetpu
from model_zoo.exporters import onnx as plain
from model_zoo.model import Model, from_table
from model_zoo.request import Request
from model_zoo.source import Loaded

FORMATS = plugins.names("exporters")
COMPILER = """#!/bin/sh
if [ "$1" = --version ]; then echo "Edge TPU Compiler version 16.0"; exit 0; fi
if ! grep -q quantised "$4"; then echo "Model not quantized"; exit 1; fi
echo "Number of operations that will run on Edge TPU: 61"
echo "Number of operations that will run on CPU: 4"
echo compiled > "$3/model_edgetpu.tflite"
echo log > "$3/model_edgetpu.log"
"""


@pytest.fixture
def network() -> Loaded:
    from torch import nn

    return Loaded("seeded_random", "made here", nn.Sequential(nn.Flatten(), nn.Linear(9, 4)).eval())


def request(precision: str = "fp32") -> Request:
    images = np.random.default_rng(5).standard_normal((4, 1, 3, 3)).astype(np.float32)
    return Request(precision, 17, images)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_all_that_is_asked_of_it(name: str) -> None:
    exporter = plugins.load("exporters", name)
    assert exporter.LAYOUT in ("NCHW", "NHWC")
    assert set(exporter.PRECISIONS) <= {"fp32", "fp16", "int8", "uint8"}
    assert isinstance(exporter.OPSET, bool)
    assert exporter.FILE_FORMAT
    assert exporter.EXTENSION
    assert hasattr(exporter, "export") != hasattr(exporter, "convert")
    assert hasattr(exporter, "load") == getattr(exporter, "RUNS_HERE", True)
    if hasattr(exporter, "convert"):
        made = plugins.load("exporters", exporter.SOURCE).PRECISIONS
        assert set(exporter.PRECISIONS.values()) <= set(made)
    if hasattr(exporter, "ENVIRONMENT"):
        locked = converter_environment.versions(exporter.ENVIRONMENT)
        assert {package.lower() for package in exporter.PACKAGES} <= set(locked)


def an_entry(source: str) -> Model:
    table = {"task": "classification", "source": source, "input": [1, 1, 3, 3], "preprocess": "digits"}
    return from_table("made", table, Path("made.toml"))


def test_a_model_comes_in_the_formats_that_its_source_can_be_made_into() -> None:
    of_torch = catalogue.formats_of(an_entry("architecture:digits_cnn"))
    of_onnx = catalogue.formats_of(an_entry("onnx:model.onnx"))
    assert {"onnx", "torchscript", "tflite", "ncnn"} <= set(of_torch)
    assert {"onnx", "tflite", "openvino", "mnn"} <= set(of_onnx)
    assert not {"torchscript", "torch_export", "ncnn"} & set(of_onnx)


def test_a_precision_that_a_format_has_not_is_refused(network: Loaded, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="torchscript files are made as fp32, fp16, not as int8"):
        exporting.write("torchscript", network, tmp_path / "model.pt", request("int8"), tmp_path)


def test_without_its_tool_a_format_is_refused(
    network: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedError, match="edgetpu_compiler is not installed"):
        exporting.write("edgetpu", network, tmp_path / "model.tflite", request("int8"), tmp_path)
    assert not list(tmp_path.iterdir())


def with_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "bin" / edgetpu.TOOL
    tool.parent.mkdir()
    tool.write_text(COMPILER)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")


def test_the_compiler_of_the_edge_tpu_compiles_the_integer_file(
    network: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_compiler(tmp_path, monkeypatch)
    source = exporting.source_path("edgetpu", "uint8", tmp_path)
    source.parent.mkdir()
    source.write_text("quantised")
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "model.tflite"
    said = exporting.write("edgetpu", network, path, request("uint8"), tmp_path)
    assert said == {"edgetpu": {"operators": 61, "operators_on_cpu": 4}}
    assert [file.name for file in path.parent.iterdir()] == ["model.tflite"]
    assert path.read_text() == "compiled\n"
    source.write_text("float")
    with pytest.raises(UnsupportedError, match="edgetpu_compiler ended with 1: Model not quantized"):
        exporting.write("edgetpu", network, path, request("uint8"), tmp_path)


def test_half_precision_is_inside_and_single_outside(network: Loaded) -> None:
    import torch

    halved = _torch.in_precision(network.network(), "fp16")
    assert {parameter.dtype for parameter in halved.parameters()} == {torch.float16}
    assert halved(torch.zeros(1, 1, 3, 3)).dtype == torch.float32
    assert _torch.in_precision(network.network(), "fp32") is network.network()


def test_a_users_file_keeps_its_outputs_but_converters_get_the_first(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    shape = [1, 1, 3, 3]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("input", "a", "b")]
    nodes = [helper.make_node("Relu", ["input"], ["a"]), helper.make_node("Neg", ["input"], ["b"])]
    graph = helper.make_graph(nodes, "two", values[:1], values[1:])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(tmp_path / "own.onnx"))
    loaded = Loaded("pretrained", "own", file=tmp_path / "own.onnx")
    plain.export(loaded, tmp_path / "model.onnx", request())
    assert len(onnx.load(str(tmp_path / "model.onnx")).graph.output) == 2
    between = Request("fp32", 17, request().calibration, between=True)
    plain.export(loaded, tmp_path / "between.onnx", between)
    assert [output.name for output in onnx.load(str(tmp_path / "between.onnx")).graph.output] == ["a"]


def test_an_environment_for_another_machine_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(converter_environment.VARIABLE, str(tmp_path))
    monkeypatch.setattr(converter_environment.platform, "machine", lambda: "riscv64")
    with pytest.raises(ZooError, match=r"onnx2tf\.txt: is for another machine or Python .*riscv64"):
        converter_environment.python_of("converters-x86_64-cp311/onnx2tf")


def test_an_environment_that_was_not_finished_is_made_again_and_a_finished_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(converter_environment.VARIABLE, str(tmp_path))
    target, commands = "linux-x86_64-cp311/mnn", []

    def run(command: list[str], target: str, lock: object) -> str:
        commands.append(command)
        if "venv" in command:
            if len(commands) < 4:
                raise ZooError("interrupted")
            Path(command[-1]).mkdir()
        return '{"files": ["/wheels/pip-26.3-py3-none-any.whl"]}'

    monkeypatch.setattr(converter_environment, "_run", run)
    with pytest.raises(ZooError, match="interrupted"):
        converter_environment.python_of(target)
    python = converter_environment.python_of(target)
    made = len(commands)
    assert converter_environment.python_of(target) == python
    assert len(commands) == made == 5
    assert "--require-hashes" in commands[-1]


@pytest.mark.parametrize("flattens", ["flatten", "view"])
def test_half_precision_is_computed_with_channels_last_where_the_network_bears_it(flattens: str) -> None:
    import torch
    from torch import nn

    formats = []

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv2d(3, 8, 3), nn.Linear(8 * 9, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            formats.append(x.is_contiguous(memory_format=torch.channels_last))
            y = self.first(x)
            return self.last(y.view(1, -1) if flattens == "view" else y.flatten(1))

    network = Network().eval()
    infer = _torch.inference(_torch.in_precision(network, "fp16"))
    batch = np.random.default_rng(3).standard_normal((1, 3, 5, 5)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(batch)).numpy()
    del formats[:]
    np.testing.assert_allclose([infer(batch), infer(batch)], [expected, expected], atol=5e-3)
    assert formats == ([True, True] if flattens == "flatten" else [True, False, False])

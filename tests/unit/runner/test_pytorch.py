"""PyTorch's backend where torch itself is at hand: what a trace holds and what a process says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from edgebench_runner.backends import pytorch


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Sequential(torch.nn.Conv2d(4, 2, 1)))
    path = tmp_path_factory.mktemp("trace") / "model.pt"
    torch.jit.trace(network.eval(), torch.zeros(1, 3, 8, 8)).save(str(path))
    return path


def settings_of_convolutions(graph: Any) -> list[bool]:
    return [list(node.inputs())[-1].toIValue() for node in graph.findAllNodes("aten::_convolution")]


@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.parametrize("optimize", ["none", "freeze"])
def test_the_convolutions_of_a_trace_compute_in_what_the_option_says(
    traced: Path, tf32: bool, optimize: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda count: None)  # torch takes it once a process
    backend = pytorch.Backend({"tf32": tf32, "optimize": optimize})
    backend.import_runtime()
    backend.load({"path": str(traced), "format": "torchscript", "input": {"shape": [1, 3, 8, 8]}})
    tensor = torch.rand(1, 3, 8, 8)
    expected = torch.jit.load(str(traced))(tensor).detach().numpy()
    for _ in range(3):  # the graph is made anew after the first runs
        assert abs(backend.infer(tensor.numpy()) - expected).max() < 1e-5
    assert settings_of_convolutions(torch.jit.last_executed_optimized_graph()) == [tf32, tf32]
    assert torch.backends.cudnn.conv.fp32_precision == ("tf32" if tf32 else "ieee")
    assert torch.backends.cuda.matmul.fp32_precision == ("tf32" if tf32 else "ieee")

"""ONNX Runtime: where the graph ran, what its providers are told, and the profile."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from backend_stand_ins import ARTIFACT, prepared
from runner_factory import linear_classifier

from edgebench_runner.backends import onnxruntime
from edgebench_runner.errors import FellBackError


class OrtSession:
    """A session that went to the CPU whatever it was asked for."""

    def __init__(self, path, sess_options, providers):
        pass

    def get_providers(self):
        return ["CPUExecutionProvider"]


def ort(available):
    return SimpleNamespace(
        get_available_providers=lambda: available,
        InferenceSession=OrtSession,
        SessionOptions=SimpleNamespace,
        GraphOptimizationLevel=SimpleNamespace(ORT_ENABLE_ALL=99),
        __version__="1.31.1",
    )


@pytest.mark.parametrize(("device", "asked"), [("cpu", 0), ("xnnpack", 0), ("cuda", 1), ("tensorrt", 1)])
def test_onnxruntime_looks_for_cudas_libraries_in_the_environment_where_it_needs_them(
    monkeypatch, device, asked
):
    calls = []
    library = SimpleNamespace(__version__="1.31.1", preload_dlls=lambda: calls.append(1))
    monkeypatch.setitem(sys.modules, "onnxruntime", library)
    assert onnxruntime.Backend({"device": device}).import_runtime() == "1.31.1"
    assert len(calls) == asked


def test_onnxruntime_session_that_went_to_the_cpu_fell_back():
    backend = prepared(onnxruntime, "_ort", ort(["CUDAExecutionProvider"]), device="cuda")
    with pytest.raises(FellBackError, match="asked for CUDAExecutionProvider, session runs on CPU"):
        backend.load(ARTIFACT)


def test_onnxruntime_provider_that_took_no_node_fell_back():
    backend = onnxruntime.Backend({"device": "xnnpack"})
    part = SimpleNamespace(ep_name="CPUExecutionProvider", get_nodes=lambda: [1, 2])
    backend._session = SimpleNamespace(get_provider_graph_assignment_info=lambda: [part])
    with pytest.raises(FellBackError, match="all nodes ran on CPUExecutionProvider"):
        backend.placement()


def test_onnxruntime_counts_the_nodes_of_each_provider():
    backend = onnxruntime.Backend({"device": "cuda"})
    parts = [
        SimpleNamespace(ep_name=name, get_nodes=lambda nodes=nodes: nodes)
        for name, nodes in (
            ("CPUExecutionProvider", [1]),
            ("CUDAExecutionProvider", [1, 2]),
            ("CPUExecutionProvider", [3]),
        )
    ]
    backend._session = SimpleNamespace(get_provider_graph_assignment_info=lambda: parts)
    assert [(p["device"], p["nodes"]) for p in backend.placement()] == [
        ("CPUExecutionProvider", 2),
        ("CUDAExecutionProvider", 2),
    ]


@pytest.mark.parametrize(
    ("device", "precision", "valid"),
    [
        ("cpu", "fp16", "fp32"),
        ("cuda", "int8", "fp32"),
        ("tensorrt", "fp16", None),
        ("tensorrt", "int8", None),
    ],
)
def test_onnxruntime_precision_that_its_device_cannot_be_asked_for(device, precision, valid):
    problems = onnxruntime.Backend.option_problems({"device": device, "precision": precision})
    wanted = f"precision: found {precision!r}, valid for device {device}: {valid}"
    assert problems == ([] if valid is None else [wanted])


@pytest.mark.parametrize(
    ("options", "version", "told"),
    [
        ({"device": "cuda"}, (1, 31), {"use_tf32": "0"}),
        ({"device": "cuda", "tf32": True}, (1, 31), {"use_tf32": "1"}),
        ({"device": "cuda"}, (1, 11), {}),
        ({"device": "tensorrt", "precision": "fp16"}, (1, 31), {"trt_fp16_enable": "1"}),
        ({"device": "xnnpack", "threads": 3}, (1, 31), {"intra_op_num_threads": "3"}),
    ],
)
def test_onnxruntime_provider_is_told_what_the_options_mean(options, version, told):
    settings = onnxruntime.Backend.resolve_options(options)
    assert onnxruntime.provider_options(settings, version) == told


def test_onnxruntime_too_old_to_tell_says_nothing():
    backend = onnxruntime.Backend({})
    backend._session = SimpleNamespace()
    assert backend.placement() is None


def kernel(name, provider, microseconds):
    return {"cat": "Node", "name": name, "dur": microseconds, "args": {"provider": provider}}


def test_onnxruntime_shares_of_time_leave_the_first_run_out():
    run_one = [kernel("conv", "CUDAExecutionProvider", 9000), kernel("nms", "CPUExecutionProvider", 10)]
    run_two = [kernel("conv", "CUDAExecutionProvider", 30), kernel("nms", "CPUExecutionProvider", 10)]
    session = {"cat": "Session", "name": "model_run", "dur": 99, "args": {}}
    found = onnxruntime.shares_of_time([session, *run_one, session, *run_two])
    assert found == [
        {"device": "CPUExecutionProvider", "nodes": 1, "time_share": 0.25},
        {"device": "CUDAExecutionProvider", "nodes": 1, "time_share": 0.75},
    ]


def test_onnxruntime_profile_of_a_real_session(tmp_path):
    linear_classifier(tmp_path / "model.onnx")
    backend = onnxruntime.Backend({"threads": 1})
    backend.import_runtime()
    backend.load({"path": str(tmp_path / "model.onnx"), "input": {"shape": [1, 3, 8, 8]}})
    (found,) = backend.profile(np.zeros((1, 3, 8, 8), np.float32))
    assert (found["device"], found["nodes"]) == ("CPUExecutionProvider", 2)
    assert found["time_share"] == pytest.approx(1.0)

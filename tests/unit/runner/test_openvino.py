"""OpenVINO: devices, where the model ran, and what the plugin is told."""

from types import SimpleNamespace

import pytest
from backend_stand_ins import ARTIFACT, prepared

from edgebench_runner.backends import openvino
from edgebench_runner.errors import BackendUnavailableError, FellBackError


def test_openvino_device_that_is_not_there():
    core = SimpleNamespace(available_devices=["CPU", "GPU.0"])
    backend = prepared(openvino, "_openvino", SimpleNamespace(Core=lambda: core), device="myriad")
    with pytest.raises(BackendUnavailableError, match=r"no device MYRIAD; there are: CPU, GPU\.0"):
        backend.load(ARTIFACT)


def test_openvino_model_that_runs_elsewhere_fell_back():
    backend = openvino.Backend({"device": "gpu"})
    backend._compiled = SimpleNamespace(get_property=lambda name: ["CPU"])
    with pytest.raises(FellBackError, match="asked for GPU, the model runs on CPU"):
        backend.placement()


def test_openvino_keeps_float32_unless_told_otherwise():
    assert openvino.Backend({})._properties()["INFERENCE_PRECISION_HINT"] == "f32"
    assert "INFERENCE_PRECISION_HINT" not in openvino.Backend({"precision": "auto"})._properties()
    assert "INFERENCE_NUM_THREADS" not in openvino.Backend({"device": "gpu", "threads": 2})._properties()
    assert openvino.Backend({"streams": 4})._properties()["NUM_STREAMS"] == 4

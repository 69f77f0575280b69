"""OpenVINO: devices, where the model ran, and what the plugin is told."""

from types import SimpleNamespace

import numpy as np
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


class Request:
    """Reads the array that it was told of, and answers with its sum."""

    def __init__(self) -> None:
        self.told = 0

    def set_input_tensor(self, index, tensor):
        self.told, self.array = self.told + 1, tensor

    def infer(self, inputs=None, share_inputs=False, share_outputs=False):
        assert inputs is None
        self.answer = float(self.array.sum())

    def get_output_tensor(self, index):
        return SimpleNamespace(data=self.answer)


def bound(kind):
    runtime = SimpleNamespace(Tensor=lambda array, shared_memory: array)
    backend, request = prepared(openvino, "_openvino", runtime), Request()
    entry = SimpleNamespace(get_element_type=lambda: SimpleNamespace(to_dtype=lambda: kind))
    backend._compiled, backend._requests = SimpleNamespace(input=lambda index: entry), [request]
    return backend.stream(0), request


def test_openvino_is_told_once_where_the_input_lies():
    infer, request = bound(np.float32)
    buffer = np.ones((1, 3), np.float32)
    assert infer(buffer) == 3.0
    buffer[:] = 2.0
    assert infer(buffer) == 6.0
    assert request.told == 1
    assert infer(np.full((1, 3), 5.0, np.float32)) == 15.0
    assert request.told == 2


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_openvino_input_that_must_be_copied_is_copied_each_time(kind):
    infer, request = bound(kind)
    buffer = np.ones((4, 2), np.float32)[:, 0]  # not contiguous
    assert infer(buffer) == 4.0
    buffer[:] = 2.0
    assert infer(buffer) == 8.0
    assert request.array.dtype == kind
    buffer.flags.writeable = False
    assert infer(buffer) == 8.0
    assert request.array.flags.writeable

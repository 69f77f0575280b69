"""MNN: the forward type that it chose."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgebench_runner.backends import mnn
from edgebench_runner.errors import FellBackError


@pytest.mark.parametrize(
    ("device", "chosen", "fell_back"), [("cuda", 13, True), ("cpu", 13, False), ("cuda", 2, False)]
)
def test_mnn_forward_type(device, chosen, fell_back):
    backend = mnn.Backend({"device": device})
    backend._sessions = [None]
    convolution = SimpleNamespace(getType=lambda: "Convolution")

    def run(session, before, after):
        assert before([], convolution)
        assert after([], convolution)

    backend._interpreter = SimpleNamespace(
        getSessionInfo=lambda session, code: chosen, runSessionWithCallBackInfo=run
    )
    if fell_back:
        with pytest.raises(FellBackError, match="asked for cuda"):
            backend.placement()
    else:
        (placed,) = backend.placement()
        assert (placed["device"], placed["nodes"], placed["kinds"]) == (device, 1, {"Convolution": 1})


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ("PyMNNTensor_init: data load failed", MemoryError, "MNN could not copy 48 bytes"),
        ("PyMNNTensor_init: unsupported data type", TypeError, "unsupported data type"),
    ],
)
def test_mnn_that_cannot_copy_an_array_has_no_memory(words, error, message):
    def refuse(*arguments):
        raise TypeError(words)

    backend = mnn.Backend({})
    backend._mnn = SimpleNamespace(Tensor=refuse, Halide_Type_Float=None, Tensor_DimensionType_Caffe=None)
    with pytest.raises(error, match=message):
        backend._host_tensor(np.zeros((1, 3, 2, 2), np.float32))


@pytest.mark.parametrize(("precision", "hints"), [("fp32", [(3, 2)]), ("fp16", []), ("auto", [])])
def test_mnn_transforms_exactly_where_nothing_less_than_single_precision_is_asked(precision, hints):
    asked = []

    class Interpreter:
        def __init__(self, path):
            self.path = path

        def setSessionHint(self, mode, value):  # noqa: N802 - MNN's name
            asked.append((mode, value))

        def createSession(self, config):  # noqa: N802 - MNN's name
            return object()

        def getSessionInput(self, session):  # noqa: N802 - MNN's name
            return SimpleNamespace(getShape=lambda: (1, 3, 2, 2))

    backend = mnn.Backend({"precision": precision})
    backend._mnn = SimpleNamespace(Interpreter=Interpreter)
    backend.load({"path": "model.mnn", "input": {"shape": [1, 3, 2, 2]}})
    assert asked == hints

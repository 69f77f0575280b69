"""TensorFlow Lite: its delegates, its integers and the libraries that it comes in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from backend_stand_ins import ARTIFACT, prepared

from edgebench_runner.backends import tflite
from edgebench_runner.errors import BackendUnavailableError, FellBackError

# Five operators in a row, 0 -> 1 -> ... -> 5, weights in tensors from 10 on, as an interpreter lists them.
OPERATORS = [
    {
        "index": index,
        "op_name": "CONV_2D",
        "inputs": np.array([index, 10 + index]),
        "outputs": np.array([index + 1]),
    }
    for index in range(5)
]


def delegate(first, last):
    weights = [10 + index for index in range(first, last)]
    return {
        "index": 9,
        "op_name": "DELEGATE",
        "inputs": np.array([first, *weights]),
        "outputs": np.array([last]),
    }


@pytest.mark.parametrize(("first", "last"), [(0, 5), (1, 3), (4, 5)])
def test_tflite_operators_that_a_delegate_took(first, last):
    assert tflite._replaced(delegate(first, last), OPERATORS) == set(range(first, last))


def tflite_with(operators, **options) -> tflite.Backend:
    backend = tflite.Backend(options)
    backend._interpreters = [SimpleNamespace(_get_ops_details=lambda: operators)]
    return backend


def test_tflite_placement_counts_both_parts():
    found = tflite_with([*OPERATORS, delegate(0, 4)]).placement()
    assert [(part["device"], part["nodes"]) for part in found] == [("xnnpack", 4), ("builtin", 1)]


def test_tflite_delegate_that_took_nothing_fell_back():
    with pytest.raises(FellBackError, match=r"libedgetpu\.so\.1 took none of 5 operators"):
        tflite_with(OPERATORS, delegate="libedgetpu.so.1").placement()


def test_tflite_runtime_with_a_numpy_it_was_not_built_for(monkeypatch):
    package, module = ModuleType("tflite_runtime"), ModuleType("tflite_runtime.interpreter")
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", module)
    monkeypatch.setattr(np, "__version__", "2.4.6")
    with pytest.raises(BackendUnavailableError, match="numpy below 2"):
        tflite.Backend({"library": "tflite_runtime"}).import_runtime()


def test_tflite_with_no_library_names_all_it_looked_for(monkeypatch):
    for name in tflite._MODULES.values():
        monkeypatch.setitem(sys.modules, name + ".interpreter", None)
    with pytest.raises(ImportError, match=r"ai_edge_litert.*tflite_runtime.*tensorflow"):
        tflite.Backend({}).import_runtime()


def test_tflite_integers_are_converted_with_the_files_own_scale():
    details = {"dtype": np.int8, "quantization": (0.5, -3)}
    tensor = np.array([0.0, 1.0, -1.0, 1000.0, -1000.0], np.float32)
    quantised = tflite._encoder(details)(tensor)
    assert quantised.dtype == np.int8
    assert quantised.tolist() == [-3, -1, -5, 127, -128]
    assert tflite._decoder(details, None)(quantised)[:3].tolist() == [0.0, 1.0, -1.0]


def test_tflite_delegate_that_does_not_load():
    def refuse(path, options):
        raise OSError("libedgetpu.so.1: cannot open shared object file")

    backend = prepared(tflite, "_library", SimpleNamespace(load_delegate=refuse), delegate="libedgetpu.so.1")
    with pytest.raises(BackendUnavailableError, match="does not load"):
        backend.load(ARTIFACT)

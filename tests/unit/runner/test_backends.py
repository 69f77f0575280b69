"""What every backend promises: its options, and what all of them have in common."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from backend_stand_ins import ARTIFACT

from edgebench_runner import backend_probe, plugins
from edgebench_runner.backends import _base
from edgebench_runner.errors import LoadFailedError

NAMES = plugins.names("backends")

REPOSITORY = Path(__file__).resolve().parents[3]


def backend_class(name: str) -> type[_base.Backend]:
    return plugins.load("backends", name).Backend


def test_no_backend_imports_a_runtime_before_it_is_asked_to():
    script = (
        "import sys\nfrom edgebench_runner import plugins\nplugins.load_all('backends')\n"
        "heavy = {'numpy', 'torch', 'onnxruntime', 'openvino', 'cv2', 'tensorflow', 'MNN'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_options_are_described_and_their_defaults_are_valid(name):
    for option, described in backend_class(name).options.items():
        assert described["help"], option
        assert backend_class(name).option_problems({option: described["default"]}) == []


@pytest.mark.parametrize("name", NAMES)
def test_unknown_option_is_refused_with_the_known_ones(name):
    (problem,) = backend_class(name).option_problems({"frobnicate": 1})
    assert problem.startswith("frobnicate: unknown option, valid: ")
    assert all(option in problem for option in backend_class(name).options)


@pytest.mark.parametrize("name", NAMES)
def test_common_options_mean_the_same_everywhere(name):
    options = backend_class(name).options
    assert options.get("threads", _base.THREADS) == _base.THREADS
    assert options.get("streams", _base.STREAMS) == _base.STREAMS
    assert options.get("tf32", _base.TF32) == _base.TF32
    precision = options.get("precision", _base.precision("fp32"))
    assert precision == _base.precision(*precision["choices"])
    assert set(precision["choices"]) <= set(_base.PRECISIONS)
    if "device" in options:
        assert backend_class(name).option_problems({"device": "cpu"}) == []


@pytest.mark.parametrize(
    ("value", "valid"),
    [(1, True), (8, True), (None, True), (0, False), (True, False), (1.5, False), ("2", False)],
)
def test_values_of_threads(value, valid):
    assert (backend_class("onnxruntime").option_problems({"threads": value}) == []) == valid


def test_shares_are_of_the_whole_and_ranked():
    assert _base.shares([("a", 1.0), ("b", 6.0), ("a", 1.0), ("fused", 0.0)]) == {"b": 0.75, "a": 0.25}
    assert _base.shares([("a", 0.0)]) == {}


def test_wheel_of_a_package():
    assert any("x86_64" in tag or "aarch64" in tag for tag in _base.wheel("numpy")["wheel"])
    assert _base.wheel("no-such-package") is None


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ([1, 3, 4, 4], True),
        (["batch", 3, None, -1], True),
        ([1, 4, 4, 3], False),
        ([1, 3, 4], False),
        ([8, 3, 4, 4], False),
    ],
)
def test_file_whose_input_has_another_shape_or_layout(shape, fits):
    if fits:
        _base.require_shape(shape, ARTIFACT)
    else:
        with pytest.raises(LoadFailedError, match="the artifact says"):
            _base.require_shape(shape, ARTIFACT)


def test_an_import_that_the_processor_refuses_is_told_as_such(monkeypatch):
    died = subprocess.CompletedProcess([], -signal.SIGILL, b"", b"")
    monkeypatch.setattr(backend_probe.subprocess, "run", lambda *_, **__: died)
    answer = backend_probe.probe("null")
    assert not answer["available"]
    assert "died of SIGILL: illegal instruction: the library" in answer["reason"]

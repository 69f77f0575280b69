"""Every backend, in its own environment, as a real cell: the answers, where the graph ran, and what was recorded."""

from __future__ import annotations

import backend_cells
import environments
import pytest
import runner_process
import small_network
from runner_factory import write_spec

LARGE = 128  # pixels: a window long enough for the kernel's accounts
FP32, INT8 = 2e-5, 0.12  # of logits whose standard deviation is about one
THREADED = (
    *("onnxruntime", "pytorch", "tflite", "litert", "openvino", "opencv", "opencv5"),
    *("tensorflow", "ncnn", "mnn", "caffe"),
)
BUILT = ({"optimize": "compile"}, {"xla": True})
FLOAT = [
    ("onnxruntime", "onnx", {}),
    ("onnxruntime", "onnx", {"graph_optimization": "none", "profile": True}),
    ("onnxruntime", "onnx", {"streams": 2}),
    ("pytorch", "torchscript", {}),
    ("pytorch", "torchscript", {"optimize": "freeze"}),
    ("pytorch", "torchscript", {"streams": 2}),
    ("pytorch", "torch_export", {}),
    ("pytorch", "torch_export", {"optimize": "compile"}),
    ("tflite", "tflite", {}),
    ("tflite", "tflite", {"xnnpack": False}),
    ("tflite", "tflite", {"streams": 2}),
    ("litert", "tflite", {}),
    ("litert", "tflite", {"xnnpack": False}),
    ("litert", "tflite", {"streams": 2}),
    ("openvino", "openvino", {}),
    ("openvino", "onnx", {"profile": True}),
    ("openvino", "openvino", {"hint": "throughput", "streams": 2}),
    ("openvino", "openvino", {"hint": "none", "streams": 2}),
    ("opencv", "onnx", {"profile": True}),
    ("opencv", "caffe", {}),
    ("opencv", "tensorflow_frozen", {}),
    ("opencv", "onnx", {"streams": 2}),
    ("opencv5", "onnx", {}),
    ("opencv5", "tensorflow_frozen", {}),
    ("tensorflow", "keras", {}),
    ("tensorflow", "saved_model", {}),
    ("tensorflow", "keras", {"xla": True}),
    ("tensorflow", "keras", {"streams": 2}),
    ("ncnn", "ncnn", {}),
    ("ncnn", "ncnn", {"streams": 2}),
    ("mnn", "mnn", {"profile": True}),
    ("mnn", "mnn", {"streams": 2}),
    ("executorch", "executorch", {}),
    ("armnn", "tflite", {}),
    ("caffe", "caffe", {}),
    ("caffe2", "caffe2", {}),
]
INTEGER = [
    ("onnxruntime", "onnx", "model_int8.onnx"),
    ("openvino", "onnx", "model_int8.onnx"),
    ("opencv", "onnx", "model_int8.onnx"),
    ("tflite", "tflite", "model_int8.tflite"),
    ("litert", "tflite", "model_int8.tflite"),
]


def run(tmp_path, network, interpreters, backend, kind, tolerance, file=None, **options) -> dict:
    """Run one cell and return its record."""
    if backend in THREADED:
        options.setdefault("threads", 1)
    path = network / (file or backend_cells.FILES[kind])
    python = interpreters[backend]
    spec = backend_cells.cell_spec(tmp_path, backend, python, path, kind, tolerance, **options)
    return runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")


def name(case) -> str:
    return "-".join([case[0], case[1], *(f"{key}={value}" for key, value in dict(case[2]).items())])


@pytest.mark.parametrize("case", environments.possible(FLOAT), ids=name)
def test_float_answers_and_what_is_recorded(tmp_path, network, interpreters, case):
    backend, kind, options = case
    record = run(tmp_path, network, interpreters, backend, kind, FP32, **options)
    assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
    assert record["check"]["passed"]
    assert record["check"]["top1_agreement"] == 1.0
    assert record["n_completed"] == 20
    assert record["backend_info"]["version"]
    assert record["backend_info"]["build"], "what the runtime was built for is part of the result"
    assert record["peak_rss_bytes"] > 10_000_000
    phases = {phase["name"]: phase["end_ns"] - phase["start_ns"] for phase in record["phases"]}
    assert min(phases[name] for name in ("import", "load", "first", "check", "measured")) > 0
    assert ("build" in phases) == (options in BUILT)
    if backend in THREADED:
        assert record["backend_info"]["threads"] == 1
    assert record["placement"]
    if options.get("profile"):
        assert sum(part["time_share"] for part in record["placement"]) == pytest.approx(1.0)


@pytest.mark.parametrize("options", [{"threads": 1}, {"threads": 2}, {"threads": 1, "streams": 2}], ids=str)
@pytest.mark.parametrize("backend", environments.possible_names(THREADED))
def test_threads_that_computed(tmp_path, large_network, interpreters, backend, options):
    if backend == "caffe" and options != {"threads": 1}:
        pytest.skip("Caffe has no streams, and its matrix library decides when a second thread is worth it")
    kind, file = next((kind, backend_cells.FILES[kind]) for name, kind, _ in FLOAT if name == backend)
    spec = backend_cells.cell_spec(
        tmp_path, backend, interpreters[backend], large_network / file, kind, FP32, LARGE, 100, **options
    )
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
    wanted = max(options.values())
    if backend.startswith("opencv") and options == {"threads": 2}:
        assert record["backend_info"]["threads_busy"] <= wanted  # OpenCV keeps small layers on one
    elif (
        backend == "tensorflow"
    ):  # the calling thread and the executor's compute beside the threads asked for
        assert wanted < record["backend_info"]["threads_busy"] <= wanted + 2
    else:
        assert record["backend_info"]["threads_busy"] == wanted


@pytest.mark.parametrize("case", INTEGER, ids=lambda case: f"{case[0]}-{case[2]}")
def test_integer_answers_stay_within_their_precision(tmp_path, network, interpreters, case):
    backend, kind, file = case
    record = run(tmp_path, network, interpreters, backend, kind, INT8, file=file)
    assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
    assert record["check"]["max_abs_diff"] > FP32, "an integer network that is exact was not run as one"


def test_tolerances_mean_something():
    spread = small_network.answers(small_network.inputs(64)).std()
    assert 0.3 < spread < 3

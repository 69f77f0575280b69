"""What every backend promises, and how each tells that the graph ran elsewhere, with stand-ins for runtimes."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from runner_factory import linear_classifier

from edgebench_runner import identity, plugins
from edgebench_runner.backends import _base, armnn, mnn, ncnn, onnxruntime, opencv, openvino, tflite
from edgebench_runner.errors import (
    BackendUnavailableError,
    FellBackError,
    LoadFailedError,
    UnsupportedError,
)

NAMES = plugins.names("backends")
REPOSITORY = Path(__file__).resolve().parents[3]
ARTIFACT = {"path": "/nowhere/model", "format": "onnx", "input": {"shape": [1, 3, 4, 4]}}


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


def prepared(module, attribute: str, runtime, **options) -> _base.Backend:
    backend = module.Backend(options)
    setattr(backend, attribute, runtime)
    return backend


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


def test_armnn_backend_that_is_dropped_silently_is_missed():
    backend = armnn.Backend({})
    with pytest.raises(BackendUnavailableError, match="no backend CpuAcc"):
        backend._require_device("IDeviceSpec { supportedBackends: [CpuRef]}")


def test_armnn_layer_that_falls_back_is_named():
    backend = armnn.Backend({"fallback": True})
    backend._messages = ["WARNING: layer conv_1 is not supported on requested backend CpuAcc: using CpuRef"]
    with pytest.raises(FellBackError, match="1 layers fell back, the first: WARNING: layer conv_1"):
        backend.placement()


def cv2(**dnn):
    known = {"DNN_BACKEND_OPENCV": 3, "DNN_TARGET_CPU": 0, "getAvailableTargets": lambda backend: [0]}
    return SimpleNamespace(dnn=SimpleNamespace(**{**known, **dnn}), __version__="5.0.0", setNumThreads=print)


def test_opencv_target_that_is_not_there():
    with pytest.raises(BackendUnavailableError, match="no DNN_TARGET_CUDA"):
        prepared(opencv, "_cv2", cv2(), device="cuda").load(ARTIFACT)
    with pytest.raises(BackendUnavailableError, match="no DNN_TARGET_CPU_FP16"):
        prepared(opencv, "_cv2", cv2(), precision="fp16").load(ARTIFACT)


def test_opencv_without_its_caffe_importer():
    with pytest.raises(BackendUnavailableError, match=r"OpenCV 5\.0\.0 reads no Caffe files"):
        prepared(opencv, "_cv2", cv2()).load({**ARTIFACT, "format": "caffe"})


def test_caffe_file_without_its_description(tmp_path):
    runtime = cv2(readNetFromCaffe=print)
    with pytest.raises(LoadFailedError, match=r"0 \.prototxt files beside it"):
        prepared(opencv, "_cv2", runtime).load({**ARTIFACT, "format": "caffe", "path": str(tmp_path / "m")})


class NcnnNet:
    def __init__(self):
        self.opt = SimpleNamespace(num_threads=1)

    def load_param(self, path):
        return -1


@pytest.mark.parametrize(("weights", "error"), [(False, LoadFailedError), (True, UnsupportedError)])
def test_ncnn_without_weights_or_with_a_layer_it_lacks(tmp_path, weights, error):
    if weights:
        (tmp_path / "m.bin").touch()
    backend = prepared(ncnn, "_ncnn", SimpleNamespace(Net=NcnnNet))
    with pytest.raises(error):
        backend.load({**ARTIFACT, "path": str(tmp_path / "m.param")})


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("Input input 0 1 input 0=224 1=112 2=3", [1, 3, 112, 224]),
        ("Input input 0 1 input", [1, 0, 0, 0]),
        ("Convolution c 1 1 a b 0=8", [1, 0, 0, 0]),
    ],
)
def test_ncnn_input_that_the_file_describes(tmp_path, line, shape):
    (tmp_path / "m.param").write_text(f"7767517\n1 1\n{line}\n")
    assert ncnn._described_input(str(tmp_path / "m.param"), ARTIFACT) == shape


def test_shares_are_of_the_whole_and_ranked():
    assert _base.shares([("a", 1.0), ("b", 6.0), ("a", 1.0), ("fused", 0.0)]) == {"b": 0.75, "a": 0.25}
    assert _base.shares([("a", 0.0)]) == {}


def test_wheel_of_a_package():
    assert any("x86_64" in tag or "aarch64" in tag for tag in _base.wheel("numpy")["wheel"])
    assert _base.wheel("no-such-package") is None


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


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("flags\t\t: fpu sse4_2 avx2 fma\n", ["avx2", "fma", "sse4_2"]),
        ("Features\t: fp asimd evtstrm crc32 cpuid\n", ["asimd"]),
        ("nothing\n", None),
    ],
)
def test_instruction_sets(tmp_path, text, features):
    (tmp_path / "cpuinfo").write_text(text)
    assert identity.cpu_features(str(tmp_path / "cpuinfo")) == features

"""The TensorRT backend against the documented API of 8.2 (bindings by index), 10 (by name) and 11 (no flags)."""

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from edgebench_runner.backends import _cuda, _engines, _tensorrt_calibration, tensorrt
from edgebench_runner.errors import LoadFailedError, UnsupportedError

SHAPE = (1, 3, 2, 2)


class Device:
    """A CUDA runtime whose device is the host: addresses are addresses."""

    def __init__(self):
        self.buffers, self.copies, self.waits = [], 0, 0

    def cudaStreamCreate(self, stream):  # noqa: N802
        return 0

    def cudaMalloc(self, address, size):  # noqa: N802
        buffer = ctypes.create_string_buffer(size.value)
        self.buffers.append(buffer)
        address._obj.value = ctypes.addressof(buffer)
        return 0

    def cudaMemcpyAsync(self, target, source, size, direction, stream):  # noqa: N802
        self.copies += 1
        ctypes.memmove(target, source, size.value)
        return 0

    def cudaStreamSynchronize(self, stream):  # noqa: N802
        self.waits += 1
        return 0


def double(source: int, target: int) -> None:
    """What the engine computes: twice its input."""
    size = int(np.prod(SHAPE))
    values = np.ctypeslib.as_array((ctypes.c_float * size).from_address(source))
    np.ctypeslib.as_array((ctypes.c_float * size).from_address(target))[:] = values * 2


class IndexedContext:
    def execute_async_v2(self, bindings, stream_handle):
        double(*bindings)


class IndexedEngine:
    """TensorRT 8.2."""

    num_layers, num_bindings = 5, 2

    def binding_is_input(self, index):
        return index == 0

    def get_binding_shape(self, index):
        return SHAPE

    def get_binding_dtype(self, index):
        return np.float32

    def create_execution_context(self):
        return IndexedContext()


class NamedContext:
    def __init__(self):
        self.addresses = {}

    def set_tensor_address(self, name, address):
        self.addresses[name] = address

    def execute_async_v3(self, stream_handle):
        double(self.addresses["in"], self.addresses["out"])


class NamedEngine:
    """TensorRT 8.5 to 11."""

    num_layers, num_io_tensors = 7, 2

    def get_tensor_name(self, index):
        return ("out", "in")[index]

    def get_tensor_mode(self, name):
        return {"in": "INPUT", "out": "OUTPUT"}[name]

    def get_tensor_shape(self, name):
        return SHAPE

    def get_tensor_dtype(self, name):
        return np.float32

    def create_execution_context(self):
        return NamedContext()


class Parser:
    num_errors = 1

    def __init__(self, network, logger):
        pass

    def parse(self, model):
        return model != b"unsupported"

    def get_error(self, index):
        return "In node 3: UNSUPPORTED_NODE: No importer registered for op: Frobnicate"


class Configuration:
    def __init__(self):
        self.flags = set()

    def set_flag(self, flag):
        self.flags.add(flag)

    def clear_flag(self, flag):
        self.flags.discard(flag)


def runtime(version: str, engine, flags: tuple[str, ...], monkeypatch) -> SimpleNamespace:
    configuration = Configuration()
    builder = SimpleNamespace(
        create_network=lambda flags: SimpleNamespace(flags=flags),
        create_builder_config=lambda: configuration,
        build_serialized_network=lambda network, config: b"plan",
    )
    logger = type("Logger", (), {"WARNING": 2, "__init__": lambda self, level: None})
    trt = SimpleNamespace(
        __version__=version,
        Logger=logger,
        Builder=lambda logger: builder,
        OnnxParser=Parser,
        Runtime=lambda logger: SimpleNamespace(deserialize_cuda_engine=lambda plan: engine),
        BuilderFlag=SimpleNamespace(**{flag: flag for flag in flags}),
        NetworkDefinitionCreationFlag=SimpleNamespace(EXPLICIT_BATCH=0)
        if version < "9"
        else SimpleNamespace(),
        TensorIOMode=SimpleNamespace(INPUT="INPUT", OUTPUT="OUTPUT"),
        nptype=lambda kind: kind,
        configuration=configuration,
    )
    trt.device = Device()
    monkeypatch.setattr(tensorrt, "Cuda", lambda: _cuda.Cuda(trt.device))
    return trt


V8 = ("8.2.1", IndexedEngine(), ("FP16", "INT8", "TF32"))
V10 = ("10.3.0", NamedEngine(), ("FP16", "INT8", "TF32"))
V11 = ("11.4.0", NamedEngine(), ("TF32",))


@pytest.fixture
def artifact(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_ROOT", str(tmp_path / "state"))
    (tmp_path / "model.onnx").write_bytes(b"model")
    return {
        "path": str(tmp_path / "model.onnx"),
        "format": "onnx",
        "sha256": "0" * 64,
        "input": {"shape": list(SHAPE)},
    }


def loaded(artifact, version, monkeypatch, **options) -> tensorrt.Backend:
    backend = tensorrt.Backend(options)
    backend._trt = runtime(*version, monkeypatch)
    for _, act in backend.steps(artifact):
        act(artifact)
    return backend


@pytest.mark.parametrize("version", [V8, V10, V11], ids=lambda version: version[0])
def test_inference_copies_in_executes_copies_out_and_waits(artifact, version, monkeypatch):
    backend = loaded(artifact, version, monkeypatch)
    tensor = np.arange(12, dtype=np.float32).reshape(SHAPE)
    np.testing.assert_array_equal(backend.stream(0)(tensor), tensor * 2)
    assert (backend._trt.device.copies, backend._trt.device.waits) == (2, 1)
    assert backend.placement()[0]["nodes"] == version[1].num_layers


@pytest.mark.parametrize("version", [V8, V10], ids=lambda version: version[0])
def test_streams_share_an_engine_and_nothing_else(artifact, version, monkeypatch):
    backend = loaded(artifact, version, monkeypatch, streams=2)
    tensor = np.ones(SHAPE, np.float32)
    first, second = backend.stream(0)(tensor), backend.stream(1)(tensor * 3)
    assert (first.max(), second.max()) == (2, 6)
    assert len(backend._trt.device.buffers) == 4


def test_engine_is_built_once_and_built_anew_for_all_it_depends_on(artifact, tmp_path, monkeypatch):
    def source(version=V10, **options):
        return loaded(artifact, version, monkeypatch, **options).describe()["engine"]

    assert [source(), source()] == ["built", "kept"]
    assert [source(precision="fp16"), source(precision="fp16")] == ["built", "kept"]
    assert [source(V8), source()] == ["built", "kept"]
    monkeypatch.setattr(_engines, "board", lambda: ["another board", None, None, None])
    assert [source(), source()] == ["built", "kept"]
    ranges = tmp_path / "ranges.npz"
    keys = []
    for content in (b"one", b"two"):
        ranges.write_bytes(content)
        keys.append(_engines.path_of("tensorrt", "10", artifact, {"calibration": str(ranges)}))
    assert keys[0] != keys[1]


def test_file_whose_input_is_not_the_artifacts_is_refused(artifact, monkeypatch):
    artifact["input"]["shape"] = [1, 2, 2, 3]
    with pytest.raises(LoadFailedError, match="the artifact says"):
        loaded(artifact, V10, monkeypatch)


def test_precision_is_a_flag_and_tensor_float_is_off(artifact, monkeypatch):
    backend = loaded(artifact, V10, monkeypatch, precision="fp16")
    assert backend._trt.configuration.flags == {"FP16"}


def test_precision_without_a_flag_is_unsupported(artifact, monkeypatch):
    with pytest.raises(UnsupportedError, match=r"TensorRT 11\.4\.0 has no precision flag FP16"):
        loaded(artifact, V11, monkeypatch, precision="fp16")


def test_operator_the_parser_lacks_is_named(artifact, tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"unsupported")
    with pytest.raises(UnsupportedError, match="Frobnicate"):
        loaded(artifact, V10, monkeypatch)


def test_engine_of_another_board_does_not_load(artifact, monkeypatch):
    with pytest.raises(LoadFailedError, match="another TensorRT or another GPU"):
        loaded({**artifact, "format": "tensorrt"}, ("10.3.0", None, ()), monkeypatch)


def test_cuda_error_for_memory_is_called_so():
    device = Device()
    device.cudaMalloc = lambda address, size: 2
    with pytest.raises(_cuda.CudaError, match="cudaMalloc: out of memory"):
        _cuda.Cuda(device).allocate(1)


def test_calibrator_shows_each_input_once(tmp_path):
    inputs = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    np.savez(tmp_path / "inputs.npz", inputs=inputs)
    device = Device()
    trt = SimpleNamespace(IInt8EntropyCalibrator2=object, __version__="10")
    found = _tensorrt_calibration.calibrator(trt, str(tmp_path / "inputs.npz"), _cuda.Cuda(device))
    assert found.get_batch_size() == 1
    (address,) = found.get_batch(["in"])
    assert list((ctypes.c_float * 12).from_address(address)) == inputs[0].reshape(-1).tolist()
    assert found.get_batch(["in"]) == [address]
    assert found.get_batch(["in"]) is None


@pytest.mark.parametrize(
    ("trt", "error"),
    [
        (SimpleNamespace(__version__="11"), UnsupportedError),
        (SimpleNamespace(__version__="10", IInt8EntropyCalibrator2=object), LoadFailedError),
    ],
)
def test_calibration_that_cannot_be(tmp_path, trt, error):
    with pytest.raises(error):
        _tensorrt_calibration.calibrator(trt, str(tmp_path / "none.npz"), _cuda.Cuda(Device()))

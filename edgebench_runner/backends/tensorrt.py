"""TensorRT through its Python bindings, 8.2 to 11: the engine is built on the board, which alone can run it."""

import importlib
import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner import atomic
from edgebench_runner.backends import _base, _engines
from edgebench_runner.backends._cuda import Cuda
from edgebench_runner.backends._tensorrt_calibration import calibrator
from edgebench_runner.errors import LoadFailedError, UnsupportedError

_PRECISIONS = {"fp32": (), "fp16": ("FP16",), "int8": ("INT8",)}


class Backend(_base.Backend):
    """Runs ``.onnx`` files (an engine is built, and kept by its hash) and ``.engine`` files; first output, on the host.

    An inference is: copy in, execute, copy out, wait for all of it.
    """

    formats = ("onnx", "tensorrt")
    default_format = "onnx_tensorrt"
    options = {
        "streams": _base.STREAMS,
        "precision": _base.precision(*_PRECISIONS),
        "calibration": _base.option("str", None, "npz file whose ``inputs`` (n, ...) calibrate int8"),
        "tf32": _base.TF32,
        "workspace_bytes": _base.option(
            "int", 1 << 28, "memory the builder may try algorithms in", minimum=1
        ),
    }

    def import_runtime(self) -> str:
        """Import tensorrt and return its version."""
        self._trt = importlib.import_module("tensorrt")
        return self._trt.__version__

    def steps(self, artifact: Optional[Dict]) -> List[Tuple[str, Callable[[Optional[Dict]], None]]]:
        """Return building the engine, where none is kept, and loading it."""
        self._logger = self._trt.Logger(self._trt.Logger.WARNING)
        self._engine_source, self._plan = "artifact", artifact["path"]  # type: ignore[index]
        if artifact["format"] == "tensorrt":  # type: ignore[index]
            return [("load", self.load)]
        self._plan = _engines.path_of("tensorrt", self._trt.__version__, artifact, self.settings)  # type: ignore[arg-type]
        self._engine_source = "kept" if os.path.exists(self._plan) else "built"
        return [("build", self.build)] * (self._engine_source == "built") + [("load", self.load)]

    def build(self, artifact: Optional[Dict]) -> None:
        """Build the engine and keep it."""
        atomic.write_bytes(self._plan, self._built(artifact["path"]))  # type: ignore[index]

    def load(self, artifact: Optional[Dict]) -> None:
        """Read the engine; each stream gets a context, and memory on the device for its tensors."""
        self._engine = self._trt.Runtime(self._logger).deserialize_cuda_engine(_read(self._plan))
        if self._engine is None:
            raise LoadFailedError("the engine does not load: another TensorRT or another GPU built it")
        entry, result = self._tensors()
        _base.require_shape(self._shape(entry), artifact)  # type: ignore[arg-type]
        self._streams = [self._new_stream(entry, result, artifact) for _ in range(self.settings["streams"])]  # type: ignore[arg-type]

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return the inference of one context: copy in, execute, copy out, and wait, on a stream of its own."""
        return self._streams[index]

    def placement(self) -> Optional[List[Dict]]:
        """Return the layers of the engine; all of them run on the GPU."""
        return [{"device": "cuda", "nodes": self._engine.num_layers, "time_share": None}]

    def describe(self) -> Dict:
        """Return the version and whether the engine was built by this cell."""
        return {"threads": None, "build": self._trt.__version__, "engine": self._engine_source}

    def _new_stream(self, entry: Any, result: Any, artifact: Dict) -> Callable[[Any], Any]:
        import numpy

        cuda, context = Cuda(), self._engine.create_execution_context()
        output = numpy.empty(self._shape(result), self._trt.nptype(self._type(result)))
        size = int(numpy.prod(artifact["input"]["shape"])) * 4
        addresses = [cuda.allocate(size), cuda.allocate(output.nbytes)]
        if self._named():
            context.set_tensor_address(entry, addresses[0])
            context.set_tensor_address(result, addresses[1])

        def execute() -> None:
            if self._named():
                context.execute_async_v3(cuda.stream)
            else:
                context.execute_async_v2(addresses, cuda.stream)

        def infer(tensor: Any) -> Any:
            cuda.upload(addresses[0], tensor)
            execute()
            cuda.download(output, addresses[1])
            cuda.wait()
            return output

        return infer

    def _built(self, path: str) -> bytes:
        trt = self._trt
        builder = trt.Builder(self._logger)
        network = builder.create_network(_explicit_batch(trt))
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse(_read(path)):
            errors = [str(parser.get_error(index)) for index in range(parser.num_errors)]
            raise UnsupportedError("; ".join(errors))
        plan = builder.build_serialized_network(network, self._configuration(builder))
        if plan is None:
            raise UnsupportedError("TensorRT builds no engine of {}".format(path))
        return bytes(plan)

    def _configuration(self, builder: Any) -> Any:
        trt, config = self._trt, builder.create_builder_config()
        if hasattr(config, "set_memory_pool_limit"):  # from 8.4 on
            config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self.settings["workspace_bytes"])
        else:
            config.max_workspace_size = self.settings["workspace_bytes"]
        for name in _PRECISIONS[self.settings["precision"]]:
            if not hasattr(trt.BuilderFlag, name):  # from 11 on the types in the file decide
                line = "TensorRT {} has no precision flag {}: the ONNX file must have that precision itself"
                raise UnsupportedError(line.format(trt.__version__, name))
            config.set_flag(getattr(trt.BuilderFlag, name))
        if not self.settings["tf32"] and hasattr(trt.BuilderFlag, "TF32"):
            config.clear_flag(trt.BuilderFlag.TF32)
        if self.settings["calibration"]:
            config.int8_calibrator = calibrator(trt, self.settings["calibration"], Cuda())
        return config

    def _named(self) -> bool:
        """Tell whether tensors go by name (from 8.5 on) instead of by the index of their binding."""
        return hasattr(self._engine, "num_io_tensors")

    def _tensors(self) -> List[Any]:
        """Return the first input and the first output, by name or by index."""
        if not self._named():
            count = self._engine.num_bindings
            inputs = [index for index in range(count) if self._engine.binding_is_input(index)]
            return [inputs[0], next(index for index in range(count) if index not in inputs)]
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        modes = {name: self._engine.get_tensor_mode(name) for name in names}
        first = {mode: name for name, mode in reversed(list(modes.items()))}
        return [first[self._trt.TensorIOMode.INPUT], first[self._trt.TensorIOMode.OUTPUT]]

    def _shape(self, tensor: Any) -> Any:
        engine = self._engine
        return tuple(engine.get_tensor_shape(tensor) if self._named() else engine.get_binding_shape(tensor))

    def _type(self, tensor: Any) -> Any:
        engine = self._engine
        return engine.get_tensor_dtype(tensor) if self._named() else engine.get_binding_dtype(tensor)


def _explicit_batch(trt: Any) -> int:
    """Return the network flags: an explicit batch, which from 10 on is the only one there is."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    return 0 if flag is None else 1 << int(flag)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

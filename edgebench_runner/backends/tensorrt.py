"""TensorRT through its Python bindings, 8.2 to 11: the engine is built on the board, which alone can run it."""

import hashlib
import importlib
import os
from typing import Any, Dict, List, Optional

from edgebench_runner import state
from edgebench_runner.backends import _base
from edgebench_runner.backends._cuda import Cuda
from edgebench_runner.backends._tensorrt_calibration import calibrator
from edgebench_runner.errors import LoadFailedError, UnsupportedError

_PRECISIONS = {"fp32": (), "fp16": ("FP16",), "int8": ("INT8",)}


class Backend(_base.Backend):
    """Runs ``.onnx`` files (an engine is built, and kept by its hash) and ``.engine`` files; first output, on the host.

    An inference is: copy in, execute, copy out, wait for all of it.
    """

    formats = ("onnx", "tensorrt")
    options = {
        "precision": _base.option(
            "str", "fp32", "what the builder may use beside float32", choices=sorted(_PRECISIONS)
        ),
        "calibration": _base.option("str", None, "npz file whose ``inputs`` (n, ...) calibrate int8"),
        "tf32": _base.option("bool", False, "let float32 layers use TensorFloat-32"),
        "workspace_bytes": _base.option(
            "int", 1 << 28, "memory the builder may try algorithms in", minimum=1
        ),
    }

    def import_runtime(self) -> str:
        """Import tensorrt and return its version."""
        self._trt = importlib.import_module("tensorrt")
        return self._trt.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Build the engine, or read the one built before, and give its tensors memory on the device."""
        import numpy

        trt = self._trt
        self._logger = trt.Logger(trt.Logger.WARNING)
        plan = self._plan(artifact)  # type: ignore[arg-type]
        self._engine = trt.Runtime(self._logger).deserialize_cuda_engine(plan)
        if self._engine is None:
            raise LoadFailedError("the engine does not load: another TensorRT or another GPU built it")
        self._context = self._engine.create_execution_context()
        self._cuda = Cuda()
        entry, result = self._tensors()
        self._output = numpy.empty(self._shape(result), trt.nptype(self._type(result)))
        size = int(numpy.prod(artifact["input"]["shape"])) * 4  # type: ignore[index]
        self._addresses = [self._cuda.allocate(size), self._cuda.allocate(self._output.nbytes)]
        if self._named():
            self._context.set_tensor_address(entry, self._addresses[0])
            self._context.set_tensor_address(result, self._addresses[1])

    def infer(self, tensor: Any) -> Any:
        """Copy one input to the device, execute, copy the output back, and wait."""
        self._cuda.upload(self._addresses[0], tensor)
        if self._named():
            self._context.execute_async_v3(self._cuda.stream)
        else:
            self._context.execute_async_v2(self._addresses, self._cuda.stream)
        self._cuda.download(self._output, self._addresses[1])
        self._cuda.wait()
        return self._output

    def placement(self) -> Optional[List[Dict]]:
        """Return the layers of the engine; all of them run on the GPU."""
        return [{"device": "cuda", "nodes": self._engine.num_layers, "time_share": None}]

    def describe(self) -> Dict:
        """Return the version and whether the engine was built by this cell."""
        return {"threads": None, "build": self._trt.__version__, "engine": self._engine_source}

    def _plan(self, artifact: Dict) -> bytes:
        """Return the serialized engine: the artifact's own, one built before, or one built now."""
        if artifact["format"] == "tensorrt":
            self._engine_source = "artifact"
            return _read(artifact["path"])
        path = os.path.join(state.lasting(), "engine-{}.plan".format(self._key(artifact)))
        if os.path.exists(path):
            self._engine_source = "cache"
            return _read(path)
        plan = self._built(artifact["path"])
        self._engine_source = "built"
        with open(path, "wb") as file:
            file.write(plan)
        return plan

    def _key(self, artifact: Dict) -> str:
        """Everything that an engine depends on, besides the GPU, which does not change under a board's state."""
        parts = [artifact["sha256"], self._trt.__version__] + [
            "{}={}".format(name, value) for name, value in sorted(self.settings.items())
        ]
        return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:32]

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
        return hasattr(self._context, "execute_async_v3")

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

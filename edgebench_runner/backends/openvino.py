"""OpenVINO: CPU, GPU and MYRIAD (the last release with it is 2022.3), latency and throughput hints, streams."""

import collections
import importlib
from inspect import signature
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, FellBackError

_HINTS = {"latency": "LATENCY", "throughput": "THROUGHPUT", "none": None}
_PRECISIONS = {"fp32": "f32", "fp16": "f16", "bf16": "bf16", "auto": None}


class Backend(_base.Backend):
    """Runs OpenVINO's own ``.xml`` (with ``.bin`` beside it) and ``.onnx`` files; the first output, on the host."""

    formats = ("openvino", "onnx")
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "device": _base.option("str", "cpu", "cpu, or as OpenVINO names it: gpu, gpu.1, myriad, npu"),
        "hint": _base.option("str", "latency", "performance hint", choices=sorted(_HINTS)),
        "precision": _base.precision(*_PRECISIONS),
        "profile": _base.PROFILE,
    }

    def __init__(self, options: Dict[str, Any]) -> None:
        super().__init__(options)
        self._device = self.settings["device"].upper()

    def import_runtime(self) -> str:
        """Import openvino and return its version."""
        self._openvino = importlib.import_module("openvino")
        if not hasattr(self._openvino, "Core"):  # up to 2022.3 the API was in a module of its own
            self._openvino = importlib.import_module("openvino.runtime")
        return self._openvino.get_version()

    def load(self, artifact: Optional[Dict]) -> None:
        """Compile the model for the device."""
        core = self._openvino.Core()
        device = self._device
        if device.split(".")[0] not in [name.split(".")[0] for name in core.available_devices]:
            available = ", ".join(core.available_devices) or "none"
            raise BackendUnavailableError("no device {}; there are: {}".format(device, available))
        self._path = artifact["path"]  # type: ignore[index]
        self._compiled = core.compile_model(core.read_model(self._path), device, self._properties())
        shape = self._compiled.input(0).partial_shape
        _base.require_shape([size.get_length() if size.is_static else None for size in shape], artifact)  # type: ignore[arg-type]
        self._requests = [self._compiled.create_infer_request() for _ in range(self.settings["streams"])]

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return the inference of one request; requests may run at the same time.

        The request reads the array where it lies. It is told where that is only when that changes, and nothing is
        passed through ``infer``: after an inference of a large network Python's own code is in no cache, and these
        calls took up to 4 % of MobileNetV2's time.
        """
        import numpy as np

        request, share = self._requests[index], self._openvino.Tensor
        # Since 2023 the results that the call returns, and that are not looked at, need not be copied.
        uncopied = {"share_outputs": True} if "share_outputs" in signature(request.infer).parameters else {}
        kind = np.dtype(self._compiled.input(0).get_element_type().to_dtype())
        known: List[Any] = [None, None]  # the array that was given last, and the one that the request reads

        def infer(tensor: Any) -> Any:
            if tensor is not known[0]:
                array = np.require(tensor, kind, ["C", "W"])
                request.set_input_tensor(0, share(array, shared_memory=True))
                known[:] = [tensor if array is tensor else None, array]
            request.infer(**uncopied)
            return request.get_output_tensor(0).data

        return infer

    def placement(self) -> Optional[List[Dict]]:
        """Return the executed nodes per device, as the plugin's execution graph has them."""
        devices = _property(self._compiled, "EXECUTION_DEVICES") or [self._device]
        asked = self._device.split(".")[0]
        if all(device.split(".")[0] != asked for device in devices):
            raise FellBackError("asked for {}, the model runs on {}".format(asked, ", ".join(devices)))
        nodes = _executed(self._compiled.get_runtime_model())
        return [
            {
                "device": ", ".join(devices),
                "nodes": len(nodes),
                "kinds": dict(collections.Counter(kind for kind, _ in nodes)),
                "implementations": dict(collections.Counter(implementation for _, implementation in nodes)),
                "time_share": None,
            }
        ]

    def profile(self, tensor: Any) -> Optional[List[Dict]]:
        """Return the placement with the share of time of each kind of node, from a model that counts."""
        core = self._openvino.Core()
        properties = dict(self._properties(), PERF_COUNT="YES")
        compiled = core.compile_model(core.read_model(self._path), self._device, properties)
        request = compiled.create_infer_request()
        spent = []
        for run in range(_base.PROFILED_RUNS):
            request.infer([tensor])
            if run:
                spent += [(node.node_type, node.real_time.total_seconds()) for node in _profiling(request)]
        (placed,) = self.placement() or [{}]
        found = _base.shares(spent)
        return [dict(placed, time_share=1.0 if found else None, kind_time_shares=found)]

    def describe(self) -> Dict:
        """Return threads, streams and precision in use."""
        precision = _property(self._compiled, "INFERENCE_PRECISION_HINT")
        return {
            "threads": _property(self._compiled, "INFERENCE_NUM_THREADS"),
            "streams": _property(self._compiled, "NUM_STREAMS"),
            "precision": None if precision is None else str(precision),
            "build": self._openvino.get_version(),
        }

    def _properties(self) -> Dict[str, Any]:
        wanted = {
            "PERFORMANCE_HINT": _HINTS[self.settings["hint"]],
            "INFERENCE_PRECISION_HINT": _PRECISIONS[self.settings["precision"]],
            "INFERENCE_NUM_THREADS": self.settings["threads"],
            "NUM_STREAMS": self.settings["streams"] if self.settings["streams"] > 1 else None,
        }
        if not self._device.startswith("CPU"):
            del wanted["INFERENCE_NUM_THREADS"]
        return {name: value for name, value in wanted.items() if value is not None}


def _property(compiled: Any, name: str) -> Any:
    """Return a property of a compiled model, ``None`` where the plugin does not have it."""
    try:
        return compiled.get_property(name)
    except RuntimeError:
        return None


def _executed(model: Any) -> List[Tuple[str, str]]:
    """Return kind and implementation (which names the instruction set) of every node that is executed.

    Constants, inputs and outputs are not.
    """
    idle = ("Const", "Constant", "Input", "Output", "Parameter", "Result")
    described = [node.get_rt_info() for node in model.get_ops()]
    nodes = [(info["layerType"].astype(str), info["primitiveType"].astype(str)) for info in described]
    return [(kind, implementation) for kind, implementation in nodes if kind not in idle]


def _profiling(request: Any) -> Any:
    """Return the counters of a request's last inference: a property now, a method up to 2022."""
    found = request.profiling_info
    return found() if callable(found) else found

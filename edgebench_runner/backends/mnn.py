"""MNN: CPU, OpenCL, Vulkan and CUDA."""

import collections
import importlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.clock import now_ns
from edgebench_runner.errors import FellBackError, LoadFailedError

# By device: its name in a session's configuration, and its numbers (MNNForwardType) in the session's information.
_DEVICES = {
    "cpu": ("CPU", (0, 13)),
    "cuda": ("CUDA", (2,)),
    "opencl": ("OPENCL", (3,)),
    "vulkan": ("VULKAN", (7,)),
}
_INFO_BACKEND = 2
_PRECISIONS = {"fp32": "high", "fp16": "low", "auto": "normal"}
_EXACT_WINOGRAD = 3, 2
"""WINOGRAD_MEMORY_LEVEL below MNN's default, whose large tiles answer no better than half precision does."""


class Backend(_base.Backend):
    """Runs ``.mnn`` files; the first output, on the host."""

    formats = ("mnn",)
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "device": _base.option("str", "cpu", "where the graph runs", choices=sorted(_DEVICES)),
        "precision": _base.precision(*_PRECISIONS),
        "profile": _base.option(
            "bool", False, "look after the window at the shares of time by kind of operator"
        ),
    }

    def import_runtime(self) -> str:
        """Import MNN and return its version."""
        self._mnn = importlib.import_module("MNN")
        return self._mnn.version()

    def load(self, artifact: Optional[Dict]) -> None:
        """Create a session for each stream and size its input."""
        self._interpreter = self._mnn.Interpreter(artifact["path"])  # type: ignore[index]
        if self.settings["precision"] == "fp32":
            self._interpreter.setSessionHint(*_EXACT_WINOGRAD)
        config = {
            "backend": _DEVICES[self.settings["device"]][0],
            "precision": _PRECISIONS[self.settings["precision"]],
        }
        if self.settings["threads"] is not None:
            config["numThread"] = self.settings["threads"]
        self._sessions = [self._new_session(config, artifact) for _ in range(self.settings["streams"])]  # type: ignore[arg-type]

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return the inference of one session: input copied to the device, output copied back."""
        import numpy

        session, run = self._sessions[index], self._interpreter.runSession
        entry = self._interpreter.getSessionInput(session)
        output = self._interpreter.getSessionOutput(session)
        host_tensor = self._host_tensor
        result = host_tensor(numpy.zeros(output.getShape(), numpy.float32))

        def infer(tensor: Any) -> Any:
            entry.copyFrom(host_tensor(tensor))
            run(session)
            output.copyToHostTensor(result)
            return result.getNumpyData()

        return infer

    def placement(self) -> Optional[List[Dict]]:
        """Return the device that the session chose, and its operators from a run that names each.

        Where the session lacks the device asked for, MNN takes the CPU without a word.
        """
        asked = self.settings["device"]
        chosen = self._interpreter.getSessionInfo(self._sessions[0], _INFO_BACKEND)
        if chosen not in _DEVICES[asked][1]:
            raise FellBackError("asked for {}, the session has forward type {}".format(asked, chosen))
        kinds = [kind for kind, _ in self._operators()]
        count = dict(collections.Counter(kinds))
        return [{"device": asked, "nodes": len(kinds), "kinds": count, "time_share": None}]

    def profile(self, tensor: Any) -> Optional[List[Dict]]:
        """Return the placement with the share of time of each kind of operator."""
        self.stream(0)(tensor)
        spent = [entry for _ in range(_base.PROFILED_RUNS - 1) for entry in self._operators()]
        (placed,) = self.placement() or [{}]
        found = _base.shares(spent)
        return [dict(placed, time_share=1.0 if found else None, kind_time_shares=found)]

    def describe(self) -> Dict:
        """Return the threads asked for and the wheel; what MNN says of the processor is in the worker's output."""
        return {"threads": self.settings["threads"], "build": _base.wheel("MNN")}

    def _operators(self) -> List[Tuple[str, int]]:
        """Run the session once and return the kind of each operator and its time, ns, in order."""
        found, started = [], [0]

        def before(tensors: Any, operator: Any) -> bool:
            started[0] = now_ns()
            return True

        def after(tensors: Any, operator: Any) -> bool:
            found.append((operator.getType(), now_ns() - started[0]))
            return True

        self._interpreter.runSessionWithCallBackInfo(self._sessions[0], before, after)
        return found

    def _new_session(self, config: Dict[str, Any], artifact: Dict) -> Any:
        session = self._interpreter.createSession(config)
        if session is None:
            raise LoadFailedError("MNN makes no session of {}".format(artifact["path"]))
        entry, shape = self._interpreter.getSessionInput(session), tuple(artifact["input"]["shape"])
        _base.require_shape(entry.getShape(), artifact)
        if tuple(entry.getShape()) != shape:
            self._interpreter.resizeTensor(entry, shape)
            self._interpreter.resizeSession(session)
        return session

    def _host_tensor(self, array: Any) -> Any:
        mnn = self._mnn
        try:
            return mnn.Tensor(array.shape, mnn.Halide_Type_Float, array, mnn.Tensor_DimensionType_Caffe)
        except TypeError as error:
            if "data load failed" not in str(error):  # so it says that there is no memory for its copy
                raise
            raise MemoryError("MNN could not copy {} bytes: {}".format(array.nbytes, error)) from error

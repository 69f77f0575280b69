"""Arm NN through its own parser and runtime (PyArmNN, from the distribution's packages)."""

import importlib
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, FellBackError

_DEVICES = {"cpu": "CpuAcc", "cpu_reference": "CpuRef", "gpu": "GpuAcc"}
_REFERENCE = _DEVICES["cpu_reference"]


class Backend(_base.Backend):
    """Runs float ``.tflite`` files on one of Arm NN's backends; the first output, on the host."""

    formats = ("tflite",)
    options = {
        "device": _base.option(
            "str", "cpu", "CpuAcc, CpuRef (slow, for tests) or GpuAcc", choices=list(_DEVICES)
        ),
        "fallback": _base.option("bool", False, "let CpuRef take the layers that the device lacks"),
        "precision": _base.precision("fp32", "fp16", "bf16"),
        "backend_path": _base.option(
            "str", None, "directory of Arm NN's backends, where not the package's own"
        ),
    }

    def __init__(self, options: Dict[str, Any]) -> None:
        super().__init__(options)
        self._device = _DEVICES[self.settings["device"]]

    def import_runtime(self) -> str:
        """Import pyarmnn and return its version."""
        self._armnn = importlib.import_module("pyarmnn")
        return self._armnn.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Parse the file, assign its layers to the backends, and load the network."""
        armnn = self._armnn
        creation = armnn.CreationOptions()
        if self.settings["backend_path"]:
            creation.m_DynamicBackendsPath = self.settings["backend_path"]
        self._runtime = armnn.IRuntime(creation)
        self._require_device(self._runtime.GetDeviceSpec())
        parser = armnn.ITfLiteParser()
        network = parser.CreateNetworkFromBinaryFile(artifact["path"])  # type: ignore[index]
        graph = parser.GetSubgraphCount() - 1
        entry = parser.GetSubgraphInputTensorNames(graph)[0]
        result = parser.GetSubgraphOutputTensorNames(graph)[0]
        self._input = parser.GetNetworkInputBindingInfo(graph, entry)
        shape = self._input[1].GetShape()
        _base.require_shape([shape[axis] for axis in range(shape.GetNumDimensions())], artifact)  # type: ignore[arg-type]
        self._result = armnn.make_output_tensors([parser.GetNetworkOutputBindingInfo(graph, result)])
        self._network = self._loaded(self._optimized(network))

    def infer(self, tensor: Any) -> Any:
        """Run the network on one input."""
        inputs = self._armnn.make_input_tensors([self._input], [tensor])
        self._runtime.EnqueueWorkload(self._network, inputs, self._result)
        return self._armnn.workload_tensors_to_ndarray(self._result)[0]

    def placement(self) -> Optional[List[Dict]]:
        """Return the device; Arm NN names the layers that fell back in its warnings, and in no other way."""
        fallen = [message for message in self._messages if _REFERENCE in message]
        if fallen and self._device != _REFERENCE:
            raise FellBackError("{} layers fell back, the first: {}".format(len(fallen), fallen[0]))
        return [{"device": self._device, "nodes": None, "time_share": None}]

    def describe(self) -> Dict:
        """Return the backends that this build has."""
        return {"threads": None, "build": str(self._runtime.GetDeviceSpec())}

    def _require_device(self, found: Any) -> None:
        """A backend that is not there is dropped silently by the optimiser, so it is looked for first."""
        if self._device not in str(found):
            raise BackendUnavailableError("Arm NN has no backend {}: {}".format(self._device, found))

    def _optimized(self, network: Any) -> Any:
        armnn = self._armnn
        names = [self._device]
        if self.settings["fallback"] and _REFERENCE not in names:
            names.append(_REFERENCE)
        options = armnn.OptimizerOptions()
        options.m_ReduceFp32ToFp16 = self.settings["precision"] == "fp16"
        options.m_ReduceFp32ToBf16 = self.settings["precision"] == "bf16"
        backends = [armnn.BackendId(name) for name in names]
        optimized, messages = armnn.Optimize(network, backends, self._runtime.GetDeviceSpec(), options)
        self._messages = [str(message) for message in messages]
        return optimized

    def _loaded(self, optimized: Any) -> int:
        network, message = self._runtime.LoadNetwork(optimized)
        if message:
            raise RuntimeError(message)
        return network

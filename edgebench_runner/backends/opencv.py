"""OpenCV's dnn module: ONNX, Caffe and TensorFlow files."""

import importlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError

_TARGETS = {
    "cpu": ("DNN_BACKEND_OPENCV", "DNN_TARGET_CPU"),
    "opencl": ("DNN_BACKEND_OPENCV", "DNN_TARGET_OPENCL"),
    "cuda": ("DNN_BACKEND_CUDA", "DNN_TARGET_CUDA"),
}
_HALF = "_FP16"  # what the name of a target ends in


class Backend(_base.Backend):
    """Runs ``.onnx``, Caffe (``.caffemodel``, its ``.prototxt`` beside it) and frozen TensorFlow (``.pb``) files."""

    formats: Tuple[str, ...] = ("onnx", "caffe", "tensorflow_frozen")
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "device": _base.option("str", "cpu", "target of the dnn module", choices=sorted(_TARGETS)),
        "precision": _base.precision("fp32", "fp16"),
        "profile": _base.option(
            "bool", False, "look after the window at the shares of time by kind of layer"
        ),
    }

    def import_runtime(self) -> str:
        """Import cv2 and return its version."""
        self._cv2 = importlib.import_module("cv2")
        return self._cv2.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Read the network and choose its target."""
        cv2 = self._cv2
        if self.settings["threads"] is not None:
            cv2.setNumThreads(self.settings["threads"])
        names = list(_TARGETS[self.settings["device"]])
        if self.settings["precision"] == "fp16":
            names[1] += _HALF
        backend, target = (getattr(cv2.dnn, name, None) for name in names)
        if backend is None or target not in cv2.dnn.getAvailableTargets(backend):
            raise BackendUnavailableError("this OpenCV has no {}".format(names[1]))
        path, kind = artifact["path"], artifact["format"]  # type: ignore[index]
        self._nets = [self._read(path, kind) for _ in range(self.settings["streams"])]
        for net in self._nets:
            net.setPreferableBackend(backend)
            net.setPreferableTarget(target)

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return the inference of one network; each stream has its own."""
        net = self._nets[index]
        set_input, forward, output = net.setInput, net.forward, net.getUnconnectedOutLayersNames()[0]

        def infer(tensor: Any) -> Any:
            set_input(tensor)
            return forward(output)

        return infer

    def placement(self) -> Optional[List[Dict]]:
        """Return the layers on the target that was set; OpenCV does not say where each layer ran."""
        layers = len(self._nets[0].getLayerNames())
        return [{"device": self.settings["device"], "nodes": layers, "time_share": None}]

    def profile(self, tensor: Any) -> Optional[List[Dict]]:
        """Return the placement with the share of time of each kind of layer; what was fused into another has none."""
        spent, net, infer = [], self._nets[0], self.stream(0)
        for run in range(_base.PROFILED_RUNS):
            infer(tensor)
            if run:
                ticks = net.getPerfProfile()[1]
                kinds = [net.getLayer(index + 1).type for index in range(len(ticks))]
                spent += [(kind, float(tick)) for kind, tick in zip(kinds, ticks)]  # noqa: B905
        (placed,) = self.placement() or [{}]
        found = _base.shares(spent)
        return [dict(placed, time_share=1.0 if found else None, kind_time_shares=found)]

    def describe(self) -> Dict:
        """Return the threads in use and the build information."""
        return {"threads": self._cv2.getNumThreads(), "build": self._cv2.getBuildInformation().strip()}

    def _read(self, path: str, kind: str) -> Any:
        dnn = self._cv2.dnn
        if kind == "onnx":
            return dnn.readNetFromONNX(path)
        if kind == "tensorflow_frozen":
            return dnn.readNetFromTensorflow(path)
        if not hasattr(dnn, "readNetFromCaffe"):
            raise BackendUnavailableError("OpenCV {} reads no Caffe files".format(self._cv2.__version__))
        return dnn.readNetFromCaffe(_base.beside(path, ".prototxt"), path)

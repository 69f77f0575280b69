"""Caffe itself (pycaffe), where a package for the board's system still carries it; see also ``opencv``."""

import importlib
import os
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base


class Backend(_base.Backend):
    """Runs ``.caffemodel`` files, their ``.prototxt`` beside them; the first output, on the host."""

    formats = ("caffe",)
    options = {
        "threads": _base.THREADS,
        "device": _base.option("str", "cpu", "where the graph runs", choices=["cpu", "cuda"]),
    }
    variables: Dict[str, str] = {}  # the matrix library is its own

    def import_runtime(self) -> str:
        """Import caffe and return its version."""
        os.environ.setdefault("GLOG_minloglevel", "2")  # its log lines would be written within the window
        if self.settings["threads"] is not None:  # those of its matrix library, read when it is loaded
            for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
                os.environ[name] = str(self.settings["threads"])
        self._caffe = importlib.import_module("caffe")
        return self._caffe.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Read the network in its test phase."""
        path = artifact["path"]  # type: ignore[index]
        description = _base.beside(path, ".prototxt")
        if self.settings["device"] == "cuda":
            self._caffe.set_mode_gpu()
        else:
            self._caffe.set_mode_cpu()
        self._net = self._caffe.Net(description, path, self._caffe.TEST)
        self._entry, self._output = self._net.blobs[self._net.inputs[0]], self._net.outputs[0]
        _base.require_shape(self._entry.data.shape, artifact)  # type: ignore[arg-type]

    def infer(self, tensor: Any) -> Any:
        """Run the network on one input."""
        self._entry.data[...] = tensor
        return self._net.forward()[self._output]

    def placement(self) -> Optional[List[Dict]]:
        """Return the layers on the device that was set; a layer without a GPU form runs on the CPU, unsaid."""
        return [{"device": self.settings["device"], "nodes": len(self._net.layers), "time_share": None}]

    def describe(self) -> Dict:
        """Return the threads asked for and the kinds of layer that this build has."""
        layers = len(self._caffe.layer_type_list())
        return {"threads": self.settings["threads"], "build": {"kinds_of_layer": layers}}

"""Caffe2 itself, which was a part of PyTorch up to 1.13: where a package for the board's system still carries it."""

import importlib
import os
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base
from edgebench_runner.errors import LoadFailedError


class Backend(_base.Backend):
    """Runs ``predict_net.pb`` with its ``init_net.pb`` beside it, on the CPU; the first output, on the host."""

    formats = ("caffe2",)
    options = {
        "threads": _base.THREADS,
        "device": _base.option("str", "cpu", "where the graph runs", choices=["cpu"]),
    }
    variables: Dict[str, str] = {}  # the matrix library is its own

    def import_runtime(self) -> str:
        """Import caffe2 and return the version of the torch that it is a part of."""
        core = importlib.import_module("caffe2.python.core")
        flags = ["caffe2", "--caffe2_log_level=2"]  # its log lines would be written within the window
        if self.settings["threads"] is not None:
            flags.append("--caffe2_omp_num_threads={}".format(self.settings["threads"]))
        core.GlobalInit(flags)
        self._workspace = importlib.import_module("caffe2.python.workspace")
        self._messages = importlib.import_module("caffe2.proto.caffe2_pb2")
        return importlib.import_module("torch").__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Run the network of weights once and create the other."""
        import numpy

        path = artifact["path"]  # type: ignore[index]
        weights = os.path.join(os.path.dirname(path), "init_net.pb")
        if not os.path.exists(weights):
            raise LoadFailedError("{}: no init_net.pb beside {}".format(path, os.path.basename(path)))
        network, initial = self._read(path), self._read(weights)
        self._workspace.RunNetOnce(initial)
        given = {name for operator in initial.op for name in operator.output}
        inputs = [name for name in network.external_input if name not in given]
        if len(inputs) != 1 or not network.external_output:
            line = "{}: found inputs {} and outputs {}, valid: one input, at least one output"
            raise LoadFailedError(line.format(path, inputs, list(network.external_output)))
        self._input, self._output = inputs[0], network.external_output[0]
        self._workspace.FeedBlob(self._input, numpy.zeros(artifact["input"]["shape"], numpy.float32))  # type: ignore[index]
        self._workspace.CreateNet(network)
        self._name, self._nodes = network.name, len(network.op)

    def infer(self, tensor: Any) -> Any:
        """Run the network on one input, copied in and out."""
        self._workspace.FeedBlob(self._input, tensor)
        self._workspace.RunNet(self._name)
        return self._workspace.FetchBlob(self._output)

    def placement(self) -> Optional[List[Dict]]:
        """Return the operators: all run on the CPU."""
        return [{"device": "cpu", "nodes": self._nodes, "time_share": None}]

    def describe(self) -> Dict:
        """Return the threads asked for and torch's own build configuration."""
        build = importlib.import_module("torch").__config__.show().strip()
        return {"threads": self.settings["threads"], "build": build}

    def _read(self, path: str) -> Any:
        message = self._messages.NetDef()
        with open(path, "rb") as file:
            try:
                message.ParseFromString(file.read())
            except Exception as error:  # DecodeError, whose module moved between versions of protobuf
                raise LoadFailedError("{}: {}".format(path, error)) from error
        return message

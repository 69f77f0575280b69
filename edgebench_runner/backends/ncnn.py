"""ncnn: CPU and Vulkan."""

import importlib
import os
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, LoadFailedError, UnsupportedError


class Backend(_base.Backend):
    """Runs ``.param`` files with their ``.bin`` beside them; the first output, on the host."""

    formats = ("ncnn",)
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "device": _base.option("str", "cpu", "where the graph runs", choices=["cpu", "vulkan"]),
        "precision": _base.precision("fp32", "fp16", "bf16"),
        "winograd": _base.option("bool", True, "Winograd convolutions: faster, more memory"),
    }

    def import_runtime(self) -> str:
        """Import ncnn and return its version."""
        self._ncnn = importlib.import_module("ncnn")
        return self._ncnn.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Read the network and its weights."""
        ncnn, path = self._ncnn, artifact["path"]  # type: ignore[index]
        if self.settings["device"] == "vulkan" and not ncnn.get_gpu_count():
            raise BackendUnavailableError("ncnn finds no Vulkan device")
        net = ncnn.Net()
        net.opt.use_vulkan_compute = self.settings["device"] == "vulkan"
        net.opt.use_winograd_convolution = self.settings["winograd"]
        for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
            setattr(net.opt, name, self.settings["precision"] == "fp16")
        net.opt.use_bf16_storage = self.settings["precision"] == "bf16"
        if self.settings["threads"] is not None:
            net.opt.num_threads = self.settings["threads"]
        weights = os.path.splitext(path)[0] + ".bin"
        if not os.path.exists(weights):
            raise LoadFailedError("{}: no weights beside {}".format(weights, os.path.basename(path)))
        _base.require_shape(_described_input(path, artifact), artifact)  # type: ignore[arg-type]
        if net.load_param(path) != 0:
            raise UnsupportedError("{}: ncnn cannot read it, or lacks one of its layers".format(path))
        if net.load_model(weights) != 0:
            raise LoadFailedError("{}: ncnn cannot read the weights".format(weights))
        self._net = net
        self._input, self._output = net.input_names()[0], net.output_names()[0]

    def infer(self, tensor: Any) -> Any:
        """Run the network on a batch of one; ncnn itself knows no batch. Extractors share nothing."""
        extractor = self._net.create_extractor()
        extractor.input(self._input, self._ncnn.Mat(tensor[0]))
        status, output = extractor.extract(self._output)
        if status != 0:
            raise RuntimeError("ncnn's extractor failed with {}".format(status))
        return output.numpy()

    def placement(self) -> Optional[List[Dict]]:
        """Return the layers on the device that was set; layers without a Vulkan form run on the CPU, unsaid."""
        return [{"device": self.settings["device"], "nodes": len(self._net.layers()), "time_share": None}]

    def describe(self) -> Dict:
        """Return the threads in use, the wheel, and what the library finds the processor able to do."""
        prefix = "cpu_support_"
        able = [name[len(prefix) :] for name in dir(self._ncnn) if name.startswith(prefix)]
        able = [name for name in able if getattr(self._ncnn, prefix + name)()]
        build = dict(_base.wheel("ncnn") or {}, instruction_sets=able)
        return {"threads": self._net.opt.num_threads, "build": build}

    def close(self) -> None:
        """Free the network before the interpreter's end, at which ncnn may crash."""
        self._net.clear()


def _described_input(path: str, artifact: Any) -> List[Any]:
    """Return the batch and the shape in the file's input layer, where it has one: ncnn would crash on another.

    The layer's fields 0, 1 and 2 are width, height and channels.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.split() for line in file if line.startswith("Input ")]
    except (OSError, UnicodeDecodeError):  # a binary description, or none: ncnn itself has to say so
        lines = []
    fields = dict(field.split("=", 1) for field in (lines[0] if lines else []) if "=" in field)
    rank = len(artifact["input"]["shape"]) - 1
    sizes = [int(fields.get(str(axis), 0)) for axis in range(3)]
    return [1] + (sizes[::-1] if rank == 3 else [None] * rank)

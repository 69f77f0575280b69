"""PyTorch: TorchScript and torch.export programs, eager or compiled, on the CPU or on CUDA."""

import importlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, UnsupportedError


class Backend(_base.Backend):
    """Runs TorchScript and exported programs (``torch_export``); the first output, on the host.

    An exported program that is not compiled runs eagerly: operator after operator, called from Python.
    """

    formats = ("torchscript", "torch_export")
    memory_bytes = 240000000
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "inter_op_threads": _base.option("int", 1, "threads between operators", minimum=1),
        "device": _base.option("str", "cpu", "where the graph runs", choices=["cpu", "cuda"]),
        "tf32": _base.TF32,
        "optimize": _base.option(
            "str",
            "none",
            "freeze (TorchScript only), or compile with torch.compile (torch_export only; needs a C++ compiler)",
            choices=["none", "freeze", "compile"],
        ),
    }

    def import_runtime(self) -> str:
        """Import torch and return its version."""
        self._torch = importlib.import_module("torch")
        return self._torch.__version__

    def steps(self, artifact: Optional[Dict]) -> List[Tuple[str, Callable[[Optional[Dict]], None]]]:
        """Return loading and, where it is asked for, compiling, which only a first run does."""
        compiles = self.settings["optimize"] == "compile"
        return [("load", self.load)] + ([("build", self._compile)] if compiles else [])

    def load(self, artifact: Optional[Dict]) -> None:
        """Load the program onto the device, with gradients off in every thread."""
        wanted = {"freeze": "torchscript", "compile": "torch_export"}.get(self.settings["optimize"])
        if wanted not in (None, artifact["format"]):  # type: ignore[index]
            line = "optimize: {} takes {} files, not {}"
            raise UnsupportedError(line.format(self.settings["optimize"], wanted, artifact["format"]))  # type: ignore[index]
        torch = self._torch
        torch.set_num_interop_threads(self.settings["inter_op_threads"])
        if self.settings["threads"] is not None:
            torch.set_num_threads(self.settings["threads"])
        if self.settings["device"] == "cuda" and not torch.cuda.is_available():
            raise BackendUnavailableError("this torch finds no CUDA device")
        _let_compute_in_tf32(torch, self.settings["tf32"])
        self._device = torch.device(self.settings["device"])
        module = self._read(artifact)  # type: ignore[arg-type]
        for parameter in module.parameters():
            parameter.requires_grad_(False)
        self._devices = sorted({str(parameter.device) for parameter in module.parameters()})
        self._module = torch.jit.freeze(module) if self.settings["optimize"] == "freeze" else module

    def infer(self, tensor: Any) -> Any:
        """Run the module on one input; copying back to the host waits for the device."""
        output = self._module(self._torch.from_numpy(tensor).to(self._device))
        while isinstance(output, (tuple, list)):
            output = output[0]
        return output.cpu().numpy()

    def placement(self) -> Optional[List[Dict]]:
        """Return the device: all nodes of a module run where its parameters are."""
        return [{"device": name, "nodes": None, "time_share": None} for name in self._devices] or None

    def describe(self) -> Dict:
        """Return the threads in use and torch's own build configuration."""
        return {"threads": self._torch.get_num_threads(), "build": self._torch.__config__.show().strip()}

    def close(self) -> None:
        """Drop the module."""
        self._module = None

    def _read(self, artifact: Dict) -> Any:
        if artifact["format"] == "torch_export":
            program = self._torch.export.load(artifact["path"])
            entry = program.graph_signature.user_inputs[0]
            (value,) = [node.meta["val"] for node in program.graph.nodes if node.name == entry]
            _base.require_shape(value.shape, artifact)
            return program.module().to(self._device)
        module = self._torch.jit.load(artifact["path"], map_location=self._device).eval()
        _let_traced_convolutions_compute_in_tf32(module, self.settings["tf32"])
        return module

    def _compile(self, artifact: Optional[Dict]) -> None:
        self._module = self._torch.compile(self._module)
        self._module(self._torch.zeros(artifact["input"]["shape"], device=self._device))  # type: ignore[index]


def _let_compute_in_tf32(torch: Any, allowed: bool) -> None:
    """Say whether float32 operators may compute in TensorFloat-32, by the settings of 2.9 on where there are such."""
    if not hasattr(torch.backends.cudnn, "conv"):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
        return
    for operators in (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn):
        operators.fp32_precision = "tf32" if allowed else "ieee"


def _let_traced_convolutions_compute_in_tf32(module: Any, allowed: bool) -> None:
    """Say the same to a trace: its convolutions hold the setting of the process that traced it as their last input."""
    for part in module.modules():
        for node in part.graph.findAllNodes("aten::_convolution") if hasattr(part, "graph") else ():
            count = len(list(node.inputs()))
            constant = part.graph.insertConstant(allowed)
            constant.node().moveBefore(node)
            node.replaceInput(count - 1, constant)

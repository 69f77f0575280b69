"""ExecuTorch: programs with whatever delegates they were lowered to, XNNPACK above all."""

import importlib
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base
from edgebench_runner.errors import UnsupportedError


class Backend(_base.Backend):
    """Runs ``.pte`` files through ExecuTorch's Python runtime; the first output, on the host."""

    formats = ("executorch",)
    memory_bytes = 240000000  # PyTorch's
    options: Dict[str, _base.Option] = {}

    def import_runtime(self) -> str:
        """Import the runtime and return the package's version."""
        self._torch = importlib.import_module("torch")
        self._runtime = importlib.import_module("executorch.runtime").Runtime.get()
        return importlib.import_module("importlib.metadata").version("executorch")

    def load(self, artifact: Optional[Dict]) -> None:
        """Load the program and its method ``forward``."""
        self._program = self._runtime.load_program(artifact["path"])  # type: ignore[index]
        if "forward" not in self._program.method_names:
            names = ", ".join(sorted(self._program.method_names))
            raise UnsupportedError("the program has no method forward; it has: {}".format(names))
        self._method = self._program.load_method("forward")
        _base.require_shape(self._method.metadata.input_tensor_meta(0).sizes(), artifact)  # type: ignore[arg-type]
        with open(artifact["path"], "rb") as file:  # type: ignore[index]
            content = file.read()
        self._delegates = [name for name in self._registered() if name.encode("ascii") in content]

    def infer(self, tensor: Any) -> Any:
        """Run the method on one input."""
        return self._method.execute([self._torch.from_numpy(tensor)])[0].numpy()

    def placement(self) -> Optional[List[Dict]]:
        """Return the delegates that the program names: it was lowered to them when it was made.

        The runtime tells neither how many operators each has nor what is left to the portable kernels.
        """
        return [{"device": name, "nodes": None, "time_share": None} for name in self._delegates] or None

    def describe(self) -> Dict:
        """Return the delegates that this build can run."""
        build = dict(_base.wheel("executorch") or {}, delegates=self._registered())
        return {"threads": None, "build": build}

    def _registered(self) -> List[str]:
        return sorted(self._runtime.backend_registry.registered_backend_names)

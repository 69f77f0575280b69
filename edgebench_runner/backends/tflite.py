"""TensorFlow Lite: ai-edge-litert, its predecessor tflite-runtime, or full TensorFlow, and their delegates."""

import importlib
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, FellBackError

_MODULES = {
    "litert": "ai_edge_litert",
    "tflite_runtime": "tflite_runtime",
    "tensorflow": "tensorflow.lite.python",
}
_PLAIN = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
_DELEGATED = "DELEGATE"


class Backend(_base.Backend):
    """Runs ``.tflite`` files, float or integer; float32 in, first output as float32, on the host.

    An integer input or output is converted with the file's own scale and zero point, as part of the inference.
    """

    formats = ("tflite",)
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "library": _base.option(
            "str", "auto", "which runtime; auto: the first installed", choices=["auto"] + sorted(_MODULES)
        ),
        "xnnpack": _base.option("bool", True, "let XNNPACK, the default delegate, take what it can"),
        "delegate": _base.option("str", None, "path of a delegate's library, such as libedgetpu.so.1"),
        "delegate_options": _base.option("dict", {}, "options of that delegate"),
    }

    def import_runtime(self) -> str:
        """Import the first runtime there is, or the one asked for, and return its name and version."""
        wanted = self.settings["library"]
        name, self._library = _first_installed(list(_MODULES) if wanted == "auto" else [wanted])
        if name == "tflite_runtime":
            _refuse_new_numpy()
        return "{} {}".format(name, _version(name))

    def load(self, artifact: Optional[Dict]) -> None:
        """Build an interpreter for each stream."""
        path = artifact["path"]  # type: ignore[index]
        self._interpreters = [self._interpreter(path) for _ in range(self.settings["streams"])]
        shape = self._interpreters[0].get_input_details()[0]["shape"]
        _base.require_shape([int(size) for size in shape], artifact)  # type: ignore[arg-type]
        self._output_shape = artifact.get("output_shape")  # type: ignore[union-attr]

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return the inference of one interpreter; each stream has its own."""
        interpreter = self._interpreters[index]
        entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        encode, decode = _encoder(entry), _decoder(result, self._output_shape)
        set_tensor, invoke, get_tensor = interpreter.set_tensor, interpreter.invoke, interpreter.get_tensor
        entry_index, result_index = entry["index"], result["index"]

        def infer(tensor: Any) -> Any:
            set_tensor(entry_index, encode(tensor))
            invoke()
            return decode(get_tensor(result_index))

        return infer

    def placement(self) -> Optional[List[Dict]]:
        """Return how many operators the delegates took over, and how many were left to the built-in kernels."""
        operators = self._interpreters[0]._get_ops_details()
        plain = [operator for operator in operators if operator["op_name"] != _DELEGATED]
        delegates = [operator for operator in operators if operator["op_name"] == _DELEGATED]
        taken = sum(len(_replaced(delegate, plain)) for delegate in delegates)
        library = self.settings["delegate"]
        if library and not taken:
            raise FellBackError("the delegate {} took none of {} operators".format(library, len(plain)))
        found = [(library or "xnnpack", taken), ("builtin", len(plain) - taken)]
        return [{"device": name, "nodes": nodes, "time_share": None} for name, nodes in found if nodes]

    def describe(self) -> Dict:
        """Return the threads asked for, the module used and its wheel."""
        package = {"ai_edge_litert": "ai-edge-litert", "tflite_runtime": "tflite-runtime"}
        name = self._library.__name__.split(".")[0]
        build = dict(_base.wheel(package.get(name, name)) or {}, module=self._library.__name__)
        return {"threads": self.settings["threads"], "build": build}

    def close(self) -> None:
        """Drop the interpreters."""
        self._interpreters = []

    def _interpreter(self, path: str) -> Any:
        arguments: Dict[str, Any] = {"model_path": path}
        if self.settings["threads"] is not None:
            arguments["num_threads"] = self.settings["threads"]
        if not self.settings["xnnpack"]:
            arguments["experimental_op_resolver_type"] = getattr(self._library.OpResolverType, _PLAIN)
        if self.settings["delegate"]:
            arguments["experimental_delegates"] = [self._delegate()]
        interpreter = self._library.Interpreter(**arguments)
        interpreter.allocate_tensors()
        return interpreter

    def _delegate(self) -> Any:
        path = self.settings["delegate"]
        try:
            return self._library.load_delegate(path, self.settings["delegate_options"])
        except (ValueError, OSError, AttributeError) as error:  # the last: a library that is no delegate
            raise BackendUnavailableError("delegate {} does not load: {}".format(path, error)) from error


def _first_installed(names: List[str]) -> Tuple[str, Any]:
    reasons = []
    for name in names:
        try:
            return name, importlib.import_module(_MODULES[name] + ".interpreter")
        except ImportError as error:
            reasons.append(str(error))
    raise ImportError("; ".join(reasons))


def _version(name: str) -> str:
    """Return the version of a runtime; ai-edge-litert has it only in its package's metadata."""
    module = importlib.import_module(name if name != "litert" else "ai_edge_litert")
    if hasattr(module, "__version__"):
        return module.__version__
    from importlib import metadata  # novermin

    return metadata.version("ai-edge-litert")


def _refuse_new_numpy() -> None:
    """tflite-runtime was built for numpy 1: with numpy 2 it imports, and fails only at its first interpreter."""
    import numpy

    if int(numpy.__version__.split(".")[0]) >= 2:
        raise BackendUnavailableError(
            "tflite-runtime needs numpy below 2, found {}".format(numpy.__version__)
        )


def _encoder(details: Dict) -> Callable[[Any], Any]:
    """Return the conversion from float32 to the input's type."""
    import numpy as np

    kind, (scale, zero_point) = details["dtype"], details["quantization"]
    if kind == np.float32:
        return lambda tensor: tensor
    limits = np.iinfo(kind)

    def quantize(tensor: Any) -> Any:
        return np.clip(np.round(tensor / scale) + zero_point, limits.min, limits.max).astype(kind)

    return quantize


def _decoder(details: Dict, shape: Optional[List[int]]) -> Callable[[Any], Any]:
    """Return the conversion from the output's type to float32, and to the source's shape where the file's is flat."""
    import numpy as np

    kind, (scale, zero_point) = details["dtype"], details["quantization"]
    flat = shape is not None and len(shape) > 2 and len(details["shape"]) == 2
    if kind == np.float32:
        return (lambda tensor: tensor.reshape(shape)) if flat else (lambda tensor: tensor)

    def restore(tensor: Any) -> Any:
        values = (tensor.astype(np.float32) - zero_point) * np.float32(scale)
        return values.reshape(shape) if flat else values

    return restore


def _replaced(delegate: Dict, operators: List[Dict]) -> Set[int]:
    """Return the indices of the operators between a delegate's inputs and its outputs: those it took over."""
    producers = {int(tensor): operator for operator in operators for tensor in operator["outputs"]}
    border = {int(tensor) for tensor in delegate["inputs"]}
    found: Set[int] = set()
    open_tensors = [int(tensor) for tensor in delegate["outputs"]]
    while open_tensors:
        operator = producers.get(open_tensors.pop())
        if operator is None or operator["index"] in found:
            continue
        found.add(operator["index"])
        open_tensors += [int(tensor) for tensor in operator["inputs"] if int(tensor) not in border]
    return found

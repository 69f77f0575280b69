"""TensorFlow: Keras files and SavedModels, on the CPU or a GPU."""

import importlib
import tempfile
import zipfile
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, FellBackError


class Backend(_base.Backend):
    """Runs ``.keras`` files and zipped SavedModels through one traced function; the first output, on the host."""

    formats = ("keras", "saved_model")
    memory_bytes = 610000000
    options = {
        "threads": _base.THREADS,
        "inter_op_threads": _base.option("int", 1, "threads between operators", minimum=1),
        "streams": _base.STREAMS,
        "device": _base.option("str", "cpu", "where the graph runs", choices=["cpu", "cuda"]),
        "xla": _base.option("bool", False, "compile the graph with XLA"),
    }

    def import_runtime(self) -> str:
        """Import tensorflow and return its version."""
        self._tf = importlib.import_module("tensorflow")
        return self._tf.__version__

    def steps(self, artifact: Optional[Dict]) -> List[Tuple[str, Callable[[Optional[Dict]], None]]]:
        """Return reading and tracing, and with XLA the compiling, which only a first run does."""
        return [("load", self.load)] + ([("build", self._run_once)] if self.settings["xla"] else [])

    def load(self, artifact: Optional[Dict]) -> None:
        """Load the model and trace it for its one input shape; tracing happens here, not in the first inference."""
        tf = self._tf
        tf.config.threading.set_inter_op_parallelism_threads(self.settings["inter_op_threads"])
        if self.settings["threads"] is not None:
            tf.config.threading.set_intra_op_parallelism_threads(self.settings["threads"])
        if self.settings["device"] == "cpu":
            tf.config.set_visible_devices([], "GPU")
        elif not tf.config.list_physical_devices("GPU"):
            raise BackendUnavailableError("this TensorFlow finds no CUDA device")
        model, found = self._read(artifact["path"], artifact["format"])  # type: ignore[index]
        _base.require_shape(found, artifact)  # type: ignore[arg-type]
        shape = tf.TensorSpec(artifact["input"]["shape"], tf.float32)  # type: ignore[index]
        self._function = tf.function(model, jit_compile=self.settings["xla"]).get_concrete_function(shape)
        self._constant, self._flatten = tf.constant, tf.nest.flatten

    def infer(self, tensor: Any) -> Any:
        """Run the graph on one input."""
        return self._flatten(self._function(self._constant(tensor)))[0].numpy()

    def placement(self) -> Optional[List[Dict]]:
        """Return the operations of the traced graph and the device its result lies on."""
        tensor = self._tf.zeros(self._function.inputs[0].shape)
        found = self._flatten(self._function(tensor))[0].device
        wanted = "CPU" if self.settings["device"] == "cpu" else "GPU"
        if wanted not in found:
            raise FellBackError("asked for {}, the result lies on {}".format(self.settings["device"], found))
        return [
            {
                "device": found.rpartition("device:")[2],
                "nodes": len(self._function.graph.get_operations()),
                "time_share": None,
            }
        ]

    def describe(self) -> Dict:
        """Return the threads in use and the build."""
        threads = self._tf.config.threading.get_intra_op_parallelism_threads()
        build = {key: str(value) for key, value in self._tf.sysconfig.get_build_info().items()}
        return {"threads": threads or None, "build": build}

    def _run_once(self, artifact: Optional[Dict]) -> None:
        self._function(self._tf.zeros(artifact["input"]["shape"]))  # type: ignore[index]

    def _read(self, path: str, kind: str) -> Tuple[Any, List]:
        """Return what runs the model and the shape of its input."""
        if kind == "keras":
            model = self._tf.keras.models.load_model(path, compile=False)
            return lambda tensor: model(tensor, training=False), list(model.inputs[0].shape)
        with tempfile.TemporaryDirectory() as directory:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(directory)
            self._kept = self._tf.saved_model.load(directory)  # a signature does not keep its model alive
        serve = self._kept.signatures["serving_default"]
        name, entry = next(iter(serve.structured_input_signature[1].items()))
        return lambda tensor: serve(**{name: tensor}), entry.shape.as_list()

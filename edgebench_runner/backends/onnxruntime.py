"""ONNX Runtime: CPU, XNNPACK, CUDA and TensorRT execution providers."""

import collections
import importlib
import json
import os
import tempfile
from typing import Any, Dict, List, Optional, Tuple

from edgebench_runner.backends import _base
from edgebench_runner.errors import BackendUnavailableError, FellBackError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
# By device: the precisions it can be asked for, beside float32.
_OTHER_PRECISIONS = {"tensorrt": ("fp16", "int8"), "cuda": (), "cpu": (), "xnnpack": ()}
_RECORD_ASSIGNMENT = "session.record_ep_graph_assignment_info"


class Backend(_base.Backend):
    """Runs ``.onnx`` files; the first output, on the host."""

    formats = ("onnx",)
    options = {
        "threads": _base.THREADS,
        "streams": _base.STREAMS,
        "inter_op_threads": _base.option("int", 1, "threads between operators", minimum=1),
        "device": _base.option("str", "cpu", "execution provider", choices=sorted(PROVIDERS)),
        "precision": _base.precision("fp32", "fp16", "int8"),
        "tf32": _base.TF32,
        "profile": _base.PROFILE,
        "graph_optimization": _base.option("str", "all", "graph optimisation level", choices=sorted(LEVELS)),
    }

    @classmethod
    def option_problems(cls, options: Dict[str, Any]) -> List[str]:
        """Refuse a precision that only TensorRT can be asked for; else the file's own types decide."""
        found = super().option_problems(options)
        device, precision = options.get("device", "cpu"), options.get("precision", "fp32")
        valid = ("fp32",) + _OTHER_PRECISIONS.get(device, ()) if isinstance(device, str) else ()
        if not found and precision not in valid:
            line = "precision: found {!r}, valid for device {}: {}"
            found.append(line.format(precision, device, ", ".join(valid)))
        return found

    def import_runtime(self) -> str:
        """Import onnxruntime and return its version."""
        self._ort = importlib.import_module("onnxruntime")
        if self.settings["device"] in ("cuda", "tensorrt") and hasattr(self._ort, "preload_dlls"):
            self._ort.preload_dlls()  # CUDA's libraries from packages of the environment, where it has them (1.21 on)
        return self._ort.__version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Create the session on the execution provider that the options name."""
        provider = PROVIDERS[self.settings["device"]]
        available = self._ort.get_available_providers()
        if provider not in available:
            raise BackendUnavailableError(
                "{} is not in this build; it has {}".format(provider, ", ".join(available))
            )
        self._path = artifact["path"]  # type: ignore[index]
        session = self._new_session(self._session_options())
        if provider not in session.get_providers():
            raise FellBackError(
                "asked for {}, session runs on {}".format(provider, ", ".join(session.get_providers()))
            )
        _base.require_shape(session.get_inputs()[0].shape, artifact)  # type: ignore[arg-type]
        self._session = session
        self._feed_name = session.get_inputs()[0].name
        self._output_names = [session.get_outputs()[0].name]

    def infer(self, tensor: Any) -> Any:
        """Run the session on one input."""
        return self._session.run(self._output_names, {self._feed_name: tensor})[0]

    def placement(self) -> Optional[List[Dict]]:
        """Return the number of nodes per execution provider, where this version records it (1.24 on)."""
        if not hasattr(self._session, "get_provider_graph_assignment_info"):
            return None
        nodes: collections.Counter = collections.Counter()
        for subgraph in self._session.get_provider_graph_assignment_info():
            nodes[subgraph.ep_name] += len(subgraph.get_nodes())
        asked = PROVIDERS[self.settings["device"]]
        if nodes and asked not in nodes:
            raise FellBackError("asked for {}, all nodes ran on {}".format(asked, ", ".join(sorted(nodes))))
        return [{"device": name, "nodes": count, "time_share": None} for name, count in sorted(nodes.items())]

    def profile(self, tensor: Any) -> Optional[List[Dict]]:
        """Return nodes and share of time per execution provider over a few runs of a profiled session."""
        options = self._session_options()
        options.enable_profiling = True
        with tempfile.TemporaryDirectory() as directory:
            options.profile_file_prefix = os.path.join(directory, "profile")
            session = self._new_session(options)
            for _ in range(_base.PROFILED_RUNS):
                session.run(self._output_names, {self._feed_name: tensor})
            with open(session.end_profiling(), encoding="utf-8") as file:
                return shares_of_time(json.load(file))

    def describe(self) -> Dict:
        """Return the threads set and the build of the library."""
        threads = self._session.get_session_options().intra_op_num_threads
        build = self._ort.get_build_info() if hasattr(self._ort, "get_build_info") else None
        return {"threads": threads or None, "build": build}

    def close(self) -> None:
        """Drop the session."""
        self._session = None

    def _new_session(self, options: Any) -> Any:
        provider, cpu = PROVIDERS[self.settings["device"]], PROVIDERS["cpu"]
        wanted = provider_options(self.settings, tuple(map(int, self._ort.__version__.split(".")[:2])))
        providers = [cpu] if provider == cpu else [(provider, wanted), cpu]
        return self._ort.InferenceSession(self._path, sess_options=options, providers=providers)

    def _session_options(self) -> Any:
        options = self._ort.SessionOptions()
        level = LEVELS[self.settings["graph_optimization"]]
        options.graph_optimization_level = getattr(self._ort.GraphOptimizationLevel, level)
        options.inter_op_num_threads = self.settings["inter_op_threads"]
        threads = self.settings["threads"] or _threads_that_are_allowed()
        if threads is not None:
            options.intra_op_num_threads = threads
        if hasattr(self._ort.InferenceSession, "get_provider_graph_assignment_info"):
            options.add_session_config_entry(_RECORD_ASSIGNMENT, "1")
        return options


def provider_options(settings: Dict[str, Any], version: Tuple[int, ...]) -> Dict[str, str]:
    """Return what an execution provider has to be told so that options mean what they mean elsewhere.

    Args:
        settings: the backend's options.
        version: of ONNX Runtime; CUDA's provider knows ``use_tf32`` from 1.18 on.
    """
    if settings["device"] == "cuda" and version >= (1, 18):
        return {"use_tf32": str(int(settings["tf32"]))}
    if settings["device"] == "tensorrt":
        return {
            "trt_{}_enable".format(name): "1" for name in ("fp16", "int8") if name == settings["precision"]
        }
    return {"intra_op_num_threads": str(settings["threads"] or 0)} if settings["device"] == "xnnpack" else {}


def _threads_that_are_allowed() -> Optional[int]:
    """Return how many CPUs this process may use where those are not all, else ``None``.

    Left to itself the runtime pins a thread to every CPU there is: off those that the process was given, or, where the
    kernel forbids that, with a warning for each.
    """
    allowed = len(os.sched_getaffinity(0))
    return allowed if allowed < (os.cpu_count() or 1) else None


def shares_of_time(events: List[Dict]) -> List[Dict]:
    """Return the placement from the events of a profile: kernels, by provider; the first run's are left out."""
    kernels = [
        event for event in events if event.get("cat") == "Node" and "provider" in event.get("args", {})
    ]
    first_run = {event["name"]: event for event in reversed(kernels)}
    later = [event for event in kernels if first_run[event["name"]] is not event]
    total_us = sum(event["dur"] for event in later)
    nodes = collections.Counter(event["args"]["provider"] for event in first_run.values())
    spent_us: Dict[str, int] = collections.Counter()
    for event in later:
        spent_us[event["args"]["provider"]] += event["dur"]
    return [
        {"device": name, "nodes": count, "time_share": spent_us[name] / total_us if total_us else None}
        for name, count in sorted(nodes.items())
    ]

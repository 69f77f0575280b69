"""TensorRT through its own tool, ``trtexec``: nothing in common with any Python, so it runs on every JetPack."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from typing import Any, Callable, Dict, List, Optional, Tuple

from edgebench_runner import atomic
from edgebench_runner.backends import _base, _engines
from edgebench_runner.clock import now_ns
from edgebench_runner.errors import BackendUnavailableError, LoadFailedError, UnsupportedError

_USUAL_PATH = "/usr/src/tensorrt/bin/trtexec"
_SKIP_INFERENCE_SINCE = (8, 6)
_NO_PRECISIONS_SINCE = (11,)  # the types in the file decide
_START_KEYS, _END_KEYS = ("startH2dMs", "startInMs"), ("endD2hMs", "endOutMs")  # the latter up to 8.0
_BANNER = re.compile(r"\[TensorRT v(\d+)\]")
_NO_IMPORTER = re.compile(
    r"UNSUPPORTED_NODE|No importer registered|Failed to parse onnx|Assertion failed: .*upport"
)


class Backend(_base.Backend):
    """Runs ``.onnx`` files (an engine is built, and kept) and ``.engine`` files, with inputs of the tool's own.

    The tool times its inferences itself, copies in and out included and not overlapped: a row's first two readings
    are equal, and its last two. The check of the answers runs the tool once per stored input.
    """

    formats = ("onnx", "tensorrt")
    default_format = "onnx_tensorrt"
    times_itself = True
    options = {
        "path": _base.option("str", None, "the tool, where it is neither on PATH nor in " + _USUAL_PATH),
        "precision": _base.precision("fp32", "fp16", "int8"),
        "calibration_cache": _base.option(
            "str", None, "file of int8 ranges (up to TensorRT 10), for an ONNX file that has none"
        ),
        "tf32": _base.TF32,
    }

    def import_runtime(self) -> str:
        """Find the tool and return the version it prints."""
        tool = self.settings["path"] or shutil.which("trtexec") or _USUAL_PATH
        if not os.access(tool, os.X_OK):
            raise BackendUnavailableError("no trtexec on PATH or at {}".format(tool))
        self._tool = tool
        self._directory = tempfile.TemporaryDirectory(prefix="edgebench-trtexec-")
        self._version = parse_version(self._call(["--help"]))
        return ".".join(map(str, self._version))

    def steps(self, artifact: Optional[Dict]) -> List[Tuple[str, Callable[[Optional[Dict]], None]]]:
        """Return building the engine, where none is kept, and the rest."""
        self._engine, self._source = artifact["path"], "artifact"  # type: ignore[index]
        if artifact["format"] == "tensorrt":  # type: ignore[index]
            return [("load", self.load)]
        version = ".".join(map(str, self._version))
        self._engine = _engines.path_of("trtexec", version, artifact, self.settings)  # type: ignore[arg-type]
        self._source = "kept" if os.path.exists(self._engine) else "built"
        return [("build", self.build)] * (self._source == "built") + [("load", self.load)]

    def build(self, artifact: Optional[Dict]) -> None:
        """Build the engine and keep it."""
        precision, fresh = self.settings["precision"], self._engine + ".new"
        arguments = ["--onnx=" + artifact["path"], "--saveEngine=" + fresh]  # type: ignore[index]
        arguments.append("--skipInference" if self._version >= _SKIP_INFERENCE_SINCE else "--buildOnly")
        if precision != "fp32" and self._version >= _NO_PRECISIONS_SINCE:
            line = "trtexec {}.{} has no precision flags: the ONNX file must be {} itself"
            raise UnsupportedError(line.format(self._version[0], self._version[1], precision))
        if precision != "fp32":
            arguments.append("--" + precision)
        if self.settings["calibration_cache"]:
            arguments.append("--calib=" + self.settings["calibration_cache"])
        if not self.settings["tf32"]:
            arguments.append("--noTF32")
        self._call(arguments)
        atomic.publish(fresh, self._engine)

    def load(self, artifact: Optional[Dict]) -> None:
        """Remember the input's name: each run of the tool loads the engine anew."""
        self._input = artifact["input"].get("name") or "input"  # type: ignore[index]

    def run(self, count: int) -> List[Tuple[int, int, int, int]]:
        """Run ``count`` inferences in one process of the tool and return their four readings, ns.

        Differences are the tool's own; the origin is set so that the last reading is the end of the process.
        """
        trace = self._file("times.json")
        rounds = ["--iterations={}".format(count), "--duration=0", "--warmUp=0", "--avgRuns=1"]
        self._call(["--loadEngine=" + self._engine, "--exposeDMA", "--exportTimes=" + trace] + rounds)
        return parse_times(_read_json(trace), count, now_ns())

    def infer(self, tensor: Any) -> Any:
        """Run the tool once on one input."""
        import numpy

        source, target = self._file("input.bin"), self._file("output.json")
        tensor.tofile(source)
        once = ["--iterations=1", "--duration=0", "--warmUp=0"]
        inputs = "--loadInputs='{}':{}".format(self._input, source)
        self._call(["--loadEngine=" + self._engine, inputs, "--exportOutput=" + target] + once)
        return numpy.asarray(_read_json(target)[0]["values"], numpy.float32)

    def placement(self) -> Optional[List[Dict]]:
        """Return the device: an engine runs on the GPU as a whole."""
        return [{"device": "cuda", "nodes": None, "time_share": None}]

    def describe(self) -> Dict:
        """Return the tool used."""
        return {"threads": None, "build": self._tool, "engine": self._source}

    def close(self) -> None:
        """Remove the engine and the tool's files."""
        self._directory.cleanup()

    def _file(self, name: str) -> str:
        return os.path.join(self._directory.name, name)

    def _call(self, arguments: List[str]) -> str:
        done = subprocess.run([self._tool] + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode < 0:  # die as the tool died, so that the outcome is the tool's
            self._directory.cleanup()
            os.kill(os.getpid(), -done.returncode)
        if done.returncode != 0:
            errors = [line for line in output.splitlines() if "[E]" in line] or output.splitlines()[-1:]
            failure = UnsupportedError if _NO_IMPORTER.search(output) else LoadFailedError
            raise failure("trtexec: " + " | ".join(errors[:3]))
        return output


def parse_version(output: str) -> Tuple[int, ...]:
    """Return the version from the tool's banner: ``v8201`` is 8.2.1, ``v100300`` is 10.3.0."""
    match = _BANNER.search(output)
    if not match:
        raise BackendUnavailableError("trtexec prints no version")
    digits = match.group(1)
    if len(digits) <= 4:
        return int(digits[0]), int(digits[1]), int(digits[2:])
    return int(digits[:-4]), int(digits[-4:-2]), int(digits[-2:])


def parse_times(trace: List[Dict], count: int, end_ns: int) -> List[Tuple[int, int, int, int]]:
    """Turn an exported trace into rows.

    Args:
        trace: what ``--exportTimes`` wrote: one object per inference, in ms; the names changed after 8.0.
        count: how many inferences were asked for; the tool may have run more.
        end_ns: when the process ended, CLOCK_MONOTONIC.

    Returns:
        ``count`` rows of four readings, in order.
    """
    if len(trace) < count:
        raise LoadFailedError("trtexec timed {} of {} inferences".format(len(trace), count))
    origin_ns = end_ns - int(_value(trace[-1], _END_KEYS) * 1e6)
    rows = []
    for entry in trace[:count]:
        start_ns = origin_ns + int(_value(entry, _START_KEYS) * 1e6)
        stop_ns = origin_ns + int(_value(entry, _END_KEYS) * 1e6)
        rows.append((start_ns, start_ns, stop_ns, stop_ns))
    return rows


def _value(entry: Dict, keys: Tuple[str, ...]) -> float:
    found = [entry[key] for key in keys if key in entry]
    if not found:
        raise LoadFailedError("trtexec's trace has none of {}".format(", ".join(keys)))
    return float(found[0])


def _read_json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)

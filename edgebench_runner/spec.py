"""The cell spec: read, completed with defaults, and every mistake reported at once."""

import json
import math
from typing import Any, Dict, List

from edgebench_runner import jsonschema_subset, plugins, resources
from edgebench_runner.errors import UsageError

PROTOCOL_DEFAULTS: Dict[str, Any] = {
    "duration_s": None,
    "idle_before_s": 0.0,
    "idle_after_s": 0.0,
    "sync_pulses": False,
    "telemetry_interval_s": None,
    "scale": 1.0,
    "from_files": False,
}
IDENTITY_KEYS = [
    "sweep_id",
    "cell_id",
    "position",
    "board",
    "kind",
    "model",
    "variant",
    "backend",
    "runtime",
    "mode",
    "repeat",
    "isolation",
    "task",
]


def load(path: str) -> Dict:
    """Read a cell spec.

    Args:
        path: a JSON file of schema ``edgebench/cell_spec/1``.

    Returns:
        The spec with every default filled in.

    Raises:
        UsageError: one line per mistake, with the file, the key, what was found and what is valid.
    """
    try:
        with open(path, encoding="utf-8") as file:
            raw = json.load(file)
    except OSError as error:
        raise UsageError(["{}: cannot be read: {}".format(path, error.strerror)]) from None
    except ValueError as error:
        raise UsageError(["{}: not JSON: {}".format(path, error)]) from None
    found = problems(raw)
    if found:
        raise UsageError(["{}: {}".format(path, problem) for problem in found])
    return complete(raw)


def problems(raw: Any) -> List[str]:
    """Return every mistake of a spec, as ``key: found …, valid: …`` lines."""
    schema = json.loads(resources.read_text("schemas/cell_spec.json"))
    found = jsonschema_subset.problems(raw, schema)
    if not isinstance(raw, dict):
        return found
    found += _non_finite(raw) + _plugin_problems(raw)
    return found or _contradictions(raw)


def complete(raw: Dict) -> Dict:
    """Return a copy of a valid spec with the defaults filled in."""
    spec = dict(raw)
    spec["protocol"] = dict(PROTOCOL_DEFAULTS, **raw["protocol"])
    spec.setdefault("cooldown", {"method": "none"})
    spec.setdefault("gate", {})
    spec.setdefault("simulated", [])
    spec.setdefault("meter", None)
    backend = plugins.load("backends", spec["runtime"]).Backend
    spec["options"] = backend.resolve_options(raw["options"])
    return spec


def _contradictions(raw: Dict) -> List[str]:
    found = []
    if raw["mode"] == "cold" and raw["protocol"]["warmup"] != 0:
        line = "protocol.warmup: found {}, valid: 0 in mode cold"
        found.append(line.format(raw["protocol"]["warmup"]))
    if not raw["cell_id"].startswith(raw["board"] + "/"):
        line = "cell_id: found {!r}, valid: {}/<model>.<variant>.<backend>.<mode>.r<repeat>"
        found.append(line.format(raw["cell_id"], raw["board"]))
    streams = raw["options"].get("streams", 1)
    if streams > 1 and raw["mode"] != "throughput":
        found.append("options.streams: found {}, valid: 1 in mode {}".format(streams, raw["mode"]))
    if raw["runtime"] != "null":
        if raw["artifact"] is None:
            found.append("artifact: found null, valid: an object (only the runtime null needs none)")
        if raw["task"] is not None and raw["dataset"] is None:
            found.append("dataset: found null, valid: an object (task {} needs inputs)".format(raw["task"]))
        if raw["task"] is not None and raw["artifact"] and not raw["artifact"].get("preprocess"):
            found.append("artifact.preprocess: missing, valid: an object (task {})".format(raw["task"]))
    if raw["artifact"] and raw["artifact"].get("preprocess"):
        found += _shape_problems(raw["artifact"])
    return found


def _shape_problems(artifact: Dict) -> List[str]:
    """Return where the pre-processing does not make what the input takes."""
    shape, preprocess = artifact["input"]["shape"], artifact["preprocess"]
    wanted = list(preprocess["size"]) + [len(preprocess["mean"])]
    if artifact["input"]["layout"] == "NCHW":
        wanted = wanted[2:] + wanted[:2]
    found = []
    if shape != [1] + wanted:
        line = "artifact.input.shape: found {}, valid: {} (layout, preprocess.size and preprocess.mean)"
        found.append(line.format(shape, [1] + wanted))
    if len(preprocess["std"]) != len(preprocess["mean"]):
        line = "artifact.preprocess.std: found {} values, valid: {}, as in preprocess.mean"
        found.append(line.format(len(preprocess["std"]), len(preprocess["mean"])))
    return found


def _plugin_problems(raw: Dict) -> List[str]:
    """Return the mistakes that only the plug-ins know of; values of a wrong type are reported already."""
    found = []
    runtime, task, options = raw.get("runtime"), raw.get("task"), raw.get("options")
    if isinstance(runtime, str):
        if runtime not in plugins.names("backends"):
            found.append(_unknown("runtime", runtime, "backends"))
        elif isinstance(options, dict):
            backend = plugins.load("backends", runtime).Backend
            found += ["options.{}".format(problem) for problem in backend.option_problems(options)]
    if isinstance(task, str) and task not in plugins.names("tasks"):
        found.append(_unknown("task", task, "tasks"))
    driver = raw["meter"].get("driver") if isinstance(raw.get("meter"), dict) else None
    if isinstance(driver, str) and driver not in plugins.names("meters"):
        found.append(_unknown("meter.driver", driver, "meters"))
    return found


def _unknown(key: str, value: str, package: str) -> str:
    return "{}: found {!r}, valid: {}".format(key, value, ", ".join(plugins.names(package)))


def _non_finite(value: Any, path: str = "") -> List[str]:
    if isinstance(value, float) and not math.isfinite(value):
        return ["{}: found {}, valid: a finite number".format(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [line for key, item in items for line in _non_finite(item, "{}.{}".format(path, key).lstrip("."))]

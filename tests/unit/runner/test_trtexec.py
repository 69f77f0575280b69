"""The trtexec backend against a stand-in that takes the tool's options and writes the tool's files."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from runner_factory import linear_classifier, onnx_spec, write_spec

from edgebench_runner import attach, spec
from edgebench_runner.backends import trtexec
from edgebench_runner.errors import BackendUnavailableError, LoadFailedError, UnsupportedError

# Two inferences as TensorRT 10 exports them, and one as TensorRT 7 does.
TRACE_10 = [
    {"startEnqMs": 0.1, "endEnqMs": 0.2, "startH2dMs": 1.0, "endH2dMs": 1.5, "startComputeMs": 1.5, "endComputeMs": 4.0,
     "startD2hMs": 4.0, "endD2hMs": 4.25, "h2dMs": 0.5, "computeMs": 2.5, "d2hMs": 0.25, "latencyMs": 3.25},
    {"startEnqMs": 5.1, "endEnqMs": 5.2, "startH2dMs": 6.0, "endH2dMs": 6.5, "startComputeMs": 6.5, "endComputeMs": 8.0,
     "startD2hMs": 8.0, "endD2hMs": 8.25, "h2dMs": 0.5, "computeMs": 1.5, "d2hMs": 0.25, "latencyMs": 2.25},
]  # fmt: skip
TRACE_7 = [
    {"startInMs": 1.0, "endInMs": 1.5, "startComputeMs": 1.5, "endComputeMs": 4.0, "startOutMs": 4.0, "endOutMs": 4.25,
     "inMs": 0.5, "computeMs": 2.5, "outMs": 0.25, "latencyMs": 3.25, "endToEndMs": 3.25},
]  # fmt: skip

STAND_IN = """#!{python}
import json, sys
import numpy as np
print("&&&& RUNNING TensorRT.trtexec [TensorRT v{version}] # trtexec")
options = dict(part.lstrip("-").partition("=")[::2] for part in sys.argv[1:])
json.dump(options, open({log!r}, "a")), open({log!r}, "a").write("\\n")
if "onnx" in options:
    if b"Frobnicate" in open(options["onnx"], "rb").read():
        print("[E] ModelImporter.cpp:726: ERROR: UNSUPPORTED_NODE: No importer registered for op: Frobnicate")
        sys.exit(1)
    open(options["saveEngine"], "w").write("engine")
if "exportTimes" in options:
    row = {trace!r}
    times = [dict(row, startH2dMs=10.0 * i + 1, endD2hMs=10.0 * i + 4) for i in range(int(options["iterations"]) + 1)]
    json.dump(times, open(options["exportTimes"], "w"))
if "exportOutput" in options:
    name, _, path = options["loadInputs"].rpartition(":")
    matrix = np.load({matrix!r})
    values = np.fromfile(path, np.float32) @ matrix
    output = {{"name": "output", "dimensions": "1x7", "values": values.tolist()}}
    json.dump([output], open(options["exportOutput"], "w"))
"""


@pytest.fixture
def tool(tmp_path):
    path = tmp_path / "trtexec"
    matrix = linear_classifier(tmp_path / "scratch.onnx")
    np.save(tmp_path / "matrix.npy", matrix)
    log, stored = str(tmp_path / "calls.jsonl"), str(tmp_path / "matrix.npy")
    text = STAND_IN.format(python=sys.executable, version="8502", log=log, trace=TRACE_10[0], matrix=stored)
    path.write_text(text)
    path.chmod(0o755)
    return path


def calls(tool: Path) -> list[dict]:
    return [json.loads(line) for line in (tool.parent / "calls.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("warmup", "mode"), [(2, "warm"), (0, "cold")])
def test_cell_timed_by_the_tool(tmp_path, tool, warmup, mode, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_ROOT", str(tmp_path / "state"))
    raw = onnx_spec(tmp_path, runtime="trtexec", options={"path": str(tool), "precision": "fp16"}, mode=mode)
    raw["protocol"]["warmup"] = warmup
    record = attach.run_here(spec.load(str(write_spec(tmp_path, raw))), str(tmp_path / "out"))
    assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
    assert record["check"]["passed"]
    assert record["n_completed"] == 5
    assert record["backend_info"]["version"] == "8.5.2"
    times = np.fromfile(tmp_path / "out/inferences.bin", "<i8").reshape(-1, 4)
    assert np.diff(times, axis=1).tolist() == [[0, 3_000_000, 0]] * (warmup + 5)
    assert (np.diff(times[:, 0]) == 10_000_000).all()
    names = [phase["name"] for phase in record["phases"] if phase["name"] in ("first", "warmup", "measured")]
    assert names == (["first", "warmup", "measured"] if warmup else ["measured"])
    names = [phase["name"] for phase in record["phases"]]
    assert names.index("build") < names.index("load")
    build = next(call for call in calls(tool) if "onnx" in call)
    assert {"buildOnly", "fp16", "noTF32"} <= set(build)
    timed = next(call for call in calls(tool) if "exportTimes" in call)
    assert {
        "exposeDMA": "",
        "duration": "0",
        "warmUp": "0",
        "iterations": str(warmup + 5),
    }.items() <= timed.items()


def backend(tool: Path, **options) -> trtexec.Backend:
    made = trtexec.Backend({"path": str(tool), **options})
    made.import_runtime()
    return made


def prepare(made: trtexec.Backend, path: Path, kind: str = "onnx") -> list[str]:
    """Go through a backend's steps as the worker does, and return their names."""
    artifact = {"path": str(path), "format": kind, "sha256": "0" * 64, "input": {}}
    steps = made.steps(artifact)
    for _, act in steps:
        act(artifact)
    return [name for name, _ in steps]


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEBENCH_ROOT", str(tmp_path / "state"))
    return tmp_path / "state"


def test_operator_without_an_importer(tmp_path, tool, state):
    linear_classifier(tmp_path / "model.onnx", operator="Frobnicate", domain="example.test")
    with pytest.raises(UnsupportedError, match="Frobnicate"):
        prepare(backend(tool), tmp_path / "model.onnx")
    assert list(state.iterdir()) == []


def test_engine_is_built_once_and_anew_for_another_precision(tmp_path, tool, state):
    linear_classifier(tmp_path / "model.onnx")
    assert prepare(backend(tool), tmp_path / "model.onnx") == ["build", "load"]
    assert prepare(backend(tool), tmp_path / "model.onnx") == ["load"]
    cache = {"precision": "int8", "calibration_cache": "ranges.cache"}
    assert prepare(backend(tool, **cache), tmp_path / "model.onnx") == ["build", "load"]
    assert {"int8": "", "calib": "ranges.cache"}.items() <= calls(tool)[-1].items()


def test_version_that_has_no_precision_flags(tmp_path, tool, state):
    linear_classifier(tmp_path / "model.onnx")
    tool.write_text(tool.read_text().replace("8502", "110401"))
    with pytest.raises(UnsupportedError, match=r"trtexec 11\.4 has no precision flags.*fp16"):
        prepare(backend(tool, precision="fp16"), tmp_path / "model.onnx")
    assert prepare(backend(tool), tmp_path / "model.onnx") == ["build", "load"]


def test_engine_is_taken_as_it_is(tmp_path, tool):
    made = backend(tool)
    assert prepare(made, Path("model.engine"), "tensorrt") == ["load"]
    made.run(3)
    assert calls(tool)[-1]["loadEngine"] == "model.engine"


def test_missing_tool(tmp_path):
    with pytest.raises(BackendUnavailableError, match="no trtexec"):
        backend(tmp_path / "none")


@pytest.mark.parametrize(
    ("banner", "version"),
    [("[TensorRT v8201]", (8, 2, 1)), ("[TensorRT v8502] # x", (8, 5, 2)), ("[TensorRT v100300]", (10, 3, 0)),
     ("[TensorRT v101602] [b10] # x", (10, 16, 2)), ("[TensorRT v110401]", (11, 4, 1))],
)  # fmt: skip
def test_version_in_the_banner(banner, version):
    assert trtexec.parse_version(banner) == version


def test_output_without_a_banner():
    with pytest.raises(BackendUnavailableError):
        trtexec.parse_version("=== Model Options ===")


@pytest.mark.parametrize("trace", [TRACE_10, TRACE_7], ids=["8.2 and later", "before"])
def test_rows_from_a_trace(trace):
    rows = trtexec.parse_times(trace, len(trace), 10**12)
    assert rows[-1][3] == 10**12
    assert rows[0][2] - rows[0][1] == 3_250_000
    assert [row[0] == row[1] and row[2] == row[3] for row in rows] == [True] * len(rows)


@pytest.mark.parametrize(("trace", "count"), [(TRACE_10, 3), ([{"computeMs": 1.0}], 1)])
def test_trace_that_says_too_little(trace, count):
    with pytest.raises(LoadFailedError):
        trtexec.parse_times(trace, count, 0)


def test_tool_that_dies_takes_the_worker_along_with_the_same_signal(tmp_path, tool):
    tool.write_text("#!/bin/sh\nkill -SEGV $$\n")
    raw = onnx_spec(tmp_path, runtime="trtexec", options={"path": str(tool)})
    record = attach.run_here(spec.load(str(write_spec(tmp_path, raw))), str(tmp_path / "out"))
    assert (record["outcome"], record["signal"]) == ("crashed", "SIGSEGV")

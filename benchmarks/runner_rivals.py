"""The vendors' own tools: one function per backend, named like it, from an artifact to the median that the tool prints.

Each is called with the interpreter of the backend's environment, beside which the tool lies, and returns nanoseconds.
All run one constant input back to back. What their clocks cover is not what the runner's covers, from an array of the
host to an array of the host; with ``whole`` the tool is run with just that changed, by the few lines here.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

UNITS_NS = {"us": 1e3, "ms": 1e6, "s": 1e9}
CLOCK_AROUND_THE_CALL = """
import sys, time
from openvino.tools.benchmark import benchmark, main

class Request:
    def __init__(self, request):
        self._request = request

    def __getattr__(self, name):
        return getattr(self._request, name)

    def infer(self):
        start = time.perf_counter()
        self._request.infer(share_outputs=True)
        self._request.get_output_tensor().data
        self.latency = 1e3 * (time.perf_counter() - start)

create = benchmark.Benchmark.create_infer_requests
benchmark.Benchmark.create_infer_requests = lambda *given: [Request(request) for request in create(*given)]
sys.exit(main.main())
"""
COPIES_IN_AND_OUT = """
import math
import numpy
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.tools import benchmark_litert_model

run, arrays = CompiledModel.run_by_name, {}

def values(buffer):
    return buffer.read(math.prod(buffer.get_tensor_details()["shape"]), numpy.float32)

def run_with_copies(model, key, inputs, outputs):
    for name, buffer in inputs.items():
        if name not in arrays:
            arrays[name] = values(buffer)
        buffer.write(arrays[name])
    run(model, key, inputs, outputs)
    for name, buffer in outputs.items():
        arrays[name] = values(buffer)

CompiledModel.run_by_name = run_with_copies
benchmark_litert_model.main()
"""


def openvino(python: str, artifact: dict[str, Any], threads: int, count: int, whole: bool) -> float:
    """``benchmark_app``: one request at a time, float32 as the runner asks for it.

    Its clock runs within the C++ of ``infer``, over an input that is bound once; whole: around the call from Python.
    """
    tool = ("-c", CLOCK_AROUND_THE_CALL) if whole else (str(Path(python).with_name("benchmark_app")),)
    output = _run(
        [
            *(python, *tool, "-m", artifact["path"], "-d", "CPU"),
            *("-api", "sync", "-hint", "none", "-nstreams", "1", "-nthreads", str(threads)),
            *("-infer_precision", "f32", "-ip", "f32", "-op", "f32", "-niter", str(count)),
        ]
    )
    value, unit = re.findall(r"Median:\s+([\d.]+) (\w+)", output)[-1]
    return float(value) * UNITS_NS[unit]


def litert(python: str, artifact: dict[str, Any], threads: int, count: int, whole: bool) -> float:
    """``litert-benchmark``: LiteRT's newer interface, on the processor; it prints hundredths of a ms.

    Its clock leaves out copying the input in and the output out; whole: both are in it.
    """
    tool = ("-c", COPIES_IN_AND_OUT) if whole else (str(Path(python).with_name("litert-benchmark")),)
    with tempfile.TemporaryDirectory() as directory:
        result = Path(directory) / "result.json"
        _run(
            [
                *(python, *tool, "--model", artifact["path"]),
                *("--num_threads", str(threads), "--num_runs", str(count), "--warmup_runs", "10"),
                *("--result_json", str(result)),
            ]
        )
        return float(json.loads(result.read_text())["latency"]["median_ms"]) * 1e6


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f"{Path(command[0]).name}: {lines[-1] if lines else done.returncode}")
    return done.stdout

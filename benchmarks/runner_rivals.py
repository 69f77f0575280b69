"""The vendors' own tools: one function per backend, named like it, from an artifact to the median that the tool prints.

Each is called with the interpreter of the backend's environment, beside which the tool lies, and returns nanoseconds.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

UNITS_NS = {"us": 1e3, "ms": 1e6, "s": 1e9}


def openvino(python: str, artifact: dict[str, Any], threads: int, count: int) -> float:
    """``benchmark_app``: one request at a time, float32 as the runner asks for it."""
    output = _run(
        [
            *(str(Path(python).with_name("benchmark_app")), "-m", artifact["path"], "-d", "CPU"),
            *("-api", "sync", "-hint", "none", "-nstreams", "1", "-nthreads", str(threads)),
            *("-infer_precision", "f32", "-ip", "f32", "-op", "f32", "-niter", str(count)),
        ]
    )
    value, unit = re.findall(r"Median:\s+([\d.]+) (\w+)", output)[-1]
    return float(value) * UNITS_NS[unit]


def litert(python: str, artifact: dict[str, Any], threads: int, count: int) -> float:
    """``litert-benchmark``: LiteRT's newer interface, on the processor; it prints hundredths of a ms."""
    with tempfile.TemporaryDirectory() as directory:
        result = Path(directory) / "result.json"
        _run(
            [
                *(str(Path(python).with_name("litert-benchmark")), "--model", artifact["path"]),
                *("--num_threads", str(threads), "--num_runs", str(count), "--warmup_runs", "10"),
                *("--result_json", str(result)),
            ]
        )
        return float(json.loads(result.read_text())["latency"]["median_ms"]) * 1e6


def pytorch(python: str, artifact: dict[str, Any], threads: int, count: int) -> float:
    """``torch.utils.benchmark``: its timer over the call of the module, in a process of its own."""
    script = (
        "import sys, torch; from torch.utils.benchmark import Timer\n"
        "path, threads, count, *shape = sys.argv[1:]\n"
        "torch.set_num_interop_threads(1)\n"
        "module, tensor = torch.jit.load(path).eval(), torch.rand(*map(int, shape))\n"
        "for parameter in module.parameters(): parameter.requires_grad_(False)\n"
        "timer = Timer('module(tensor)', globals=globals(), num_threads=int(threads))\n"
        "timer.timeit(10)\n"
        "times = [timer.timeit(1).mean for _ in range(int(count))]\n"
        "print(sorted(times)[len(times) // 2])"
    )
    shape = map(str, artifact["input"]["shape"])
    output = _run([python, "-c", script, artifact["path"], str(threads), str(count), *shape])
    return float(output.split()[-1]) * 1e9


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f"{Path(command[0]).name}: {lines[-1] if lines else done.returncode}")
    return done.stdout

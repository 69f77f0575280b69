"""Runs the runner as a user does, and finds the processes it starts."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
RECORD_SCHEMA = json.loads((REPOSITORY / "schemas/cell_record.json").read_text())
PATIENCE_S = 60


def command(spec: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "edgebench_runner", "run", str(spec), "--out", str(out), *options]


def start(spec: Path, out: Path, *options: str, **popen) -> subprocess.Popen:
    return subprocess.Popen(
        command(spec, out, *options),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    )


def run(spec: Path, out: Path, *options: str, **popen) -> dict:
    """Run a cell to its end and return its record, held to its schema."""
    process = start(spec, out, *options, **popen)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    return record(out)


def record(out: Path) -> dict:
    found = json.loads((out / "cell.json").read_text())
    jsonschema.validate(found, RECORD_SCHEMA)
    return found


def wait_for(condition):
    """Return what ``condition`` returns as soon as that is true; the limit only bounds a failure."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def wait_until_measuring(out: Path) -> None:
    progress = out / "progress.jsonl"
    wait_for(lambda: progress.exists() and '"measured"' in progress.read_text())


def worker_of(out: Path) -> psutil.Process:
    """Return the worker process of a cell directory, once it is there."""

    def find():
        for process in psutil.process_iter(["cmdline"]):
            arguments = process.info["cmdline"] or []
            if "edgebench_runner.worker" in arguments and str(out) in arguments:
                return process
        return None

    return wait_for(find)


def faulty_python(directory: Path, prelude: str = "", module: str = "") -> str:
    """Return an interpreter of an environment that has a fault.

    Args:
        directory: an empty directory.
        prelude: shell commands before the interpreter starts, such as a limit.
        module: source of a module ``onnxruntime`` that this environment has in place of the real one.
    """
    path = directory / "python"
    lines = ["#!/bin/sh", prelude]
    if module:
        (directory / "onnxruntime.py").write_text(module)
        lines.append(f'PYTHONPATH="{directory}:$PYTHONPATH"; export PYTHONPATH')
    lines.append(f'exec "{sys.executable}" "$@"')
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return str(path)


# The part of the API that the backend uses, and a fault in the third inference.
FAULTY_RUNTIME = """
import numpy
__version__ = "0.0.test"
class SessionOptions: intra_op_num_threads = 0
class GraphOptimizationLevel: ORT_ENABLE_ALL = 0
class _Port: name, shape = "port", [1, 3, 8, 8]
def get_available_providers(): return ["CPUExecutionProvider"]
class InferenceSession:
    def __init__(self, path, sess_options, providers): self.runs = 0
    def get_providers(self): return ["CPUExecutionProvider"]
    def get_inputs(self): return [_Port]
    def get_outputs(self): return [_Port]
    def get_session_options(self): return SessionOptions
    def run(self, names, feed):
        self.runs += 1
        if self.runs == 3:
            fault()
        return [numpy.arange(7, dtype="float32")[None]]
"""

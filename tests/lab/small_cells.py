"""Cells of the small network of `tests/backends` for boards: one file of one format, and the answers it is held to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from labs import REPOSITORY

BACKENDS_TESTS = REPOSITORY / "tests/backends"
sys.path[:0] = [str(BACKENDS_TESTS), str(REPOSITORY / "tests/unit/runner")]

import backend_cells  # noqa: E402

FP32 = 2e-5  # of logits whose standard deviation is about one
LOCAL = REPOSITORY / ".edgebench/boards/local/envs"
# Makers of `tests/backends/makers`, and the backend in whose environment each runs; None: this interpreter.
MAKERS = {
    "onnx_files": None,
    "ncnn_files": None,
    "torch_files": None,
    "mnn_files": "mnn",
    "tensorflow_files": "tensorflow",
}


def write_files(directory: Path) -> None:
    """Write the network in every format, with this machine's own environments, which are made first where needed."""
    environments = Path(os.environ.get("EDGEBENCH_ENVIRONMENTS", LOCAL))
    missing = [name for name in MAKERS.values() if name and not list(environments.glob(f"{name}-*"))]
    if missing:
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/provision.yml"]
        wanted = json.dumps({"edgebench_backends": missing})
        subprocess.run([*command, "-e", wanted], cwd=REPOSITORY, check=True, capture_output=True)
    variables = os.environ | {"PYTHONPATH": str(BACKENDS_TESTS), "TF_CPP_MIN_LOG_LEVEL": "2"}
    for maker, backend in MAKERS.items():
        python = str(next(environments.glob(f"{backend}-*")) / "bin/python") if backend else sys.executable
        command = [python, str(BACKENDS_TESTS / "makers" / f"{maker}.py"), str(directory)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{maker}: {done.stderr[-2000:]}"


def prepare(
    files: Path, directory: Path, root: str, board: str, kind: str, backend: str, form: str, python: str
) -> dict[str, Any]:
    """Put what a cell needs into a directory, and return its spec, as it is when that is ``root`` on a board."""
    source = files / backend_cells.FILES[form]
    path = directory / source.name
    if form == "ncnn":
        shutil.copytree(source.parent, directory, dirs_exist_ok=True)
    else:
        shutil.copy(source, path)
    options = {} if backend == "armnn" else {"threads": 1}
    spec = backend_cells.cell_spec(directory, backend, python, path, form, FP32, **options)
    text = json.dumps(spec | {"board": board, "kind": kind, "simulated": ["board"]})
    placed: dict[str, Any] = json.loads(text.replace(f"{directory}/", f"{root}/"))
    placed["cell_id"] = placed["cell_id"].replace("local/", f"{board}/")
    placed["protocol"]["deadline_s"] = 600
    return placed

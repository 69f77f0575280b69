"""The zipapp under the oldest Pythons of the boards, where this machine has them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from runner_factory import null_spec, write_spec

from edgebench_runner import resources


def interpreter(version: str) -> str | None:
    """Return a working interpreter of this version, from PATH or from pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *sorted(root.glob(f"versions/{version}.*/bin/python"))]
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return str(candidate)
    return None


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.13"])
def test_parent_and_worker_under_an_old_python(tmp_path, version):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    zipapp = tmp_path / "edgebench_runner.pyz"
    zipapp.write_bytes(resources.build())
    spec = null_spec(environment={"name": "old", "python": python})
    spec["protocol"]["telemetry_interval_s"] = 0.1
    command = [python, str(zipapp), "run", str(write_spec(tmp_path, spec)), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out/cell.json").read_text())
    assert record["outcome"] == "ok", record["outcome_detail"]
    assert record["python"].startswith(version + ".")
    assert record["runner_sha256"] == resources.runner_sha256()
    for verb in (
        ["backends", "--static"],
        ["tasks", "--json"],
        ["floor", "--repeats", "1", "--inferences", "10"],
    ):
        assert subprocess.run([python, str(zipapp), *verb], capture_output=True, cwd=tmp_path).returncode == 0

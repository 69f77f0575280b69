"""The small network in every format, made once, and the environments that the role ``backend_environment`` made.

``EDGEBENCH_ENVIRONMENTS`` names their directory (default: this machine's board). One that is missing is a failure,
with the command that makes it: a backend that is not tested is not a backend that works.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MAKERS = Path(__file__).parent / "makers"
sys.path[:0] = [str(REPOSITORY / "tests" / folder) for folder in ("unit/runner", "fault", "backends")]

import environments  # noqa: E402

from edgebench_runner import backend_probe  # noqa: E402

MADE_BY = {
    "onnx_files": None,  # this interpreter
    "caffe_files": None,
    "ncnn_files": None,
    "torch_files": "executorch",
    "openvino_files": "openvino",
    "mnn_files": "mnn",
    "tensorflow_files": "tensorflow",
}


@pytest.fixture(scope="session")
def interpreters() -> dict[str, str]:
    """The interpreter of every backend's environment."""
    default = REPOSITORY / ".edgebench/boards/local/envs"
    directory = os.environ.get("EDGEBENCH_ENVIRONMENTS", str(default))
    found = backend_probe.environments(directory) if Path(directory).is_dir() else {}
    missing = [name for name in environments.wanted() if name not in found]
    if missing:
        pytest.exit(
            f"{directory}: no environment of {', '.join(missing)}; make them: make backends", returncode=1
        )
    return found


@pytest.fixture(scope="session")
def network(interpreters: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the small network's files, made by converters of the environments themselves."""
    directory = tmp_path_factory.mktemp("network")
    variables = dict(os.environ, PYTHONPATH=str(Path(__file__).parent), TF_CPP_MIN_LOG_LEVEL="2")
    for maker, environment in MADE_BY.items():
        python = interpreters[environment] if environment else sys.executable
        command = [python, str(MAKERS / f"{maker}.py"), str(directory)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, f"{maker}: {done.stderr[-2000:]}"
    return directory

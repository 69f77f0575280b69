"""The small network in every format, and the environments that the role ``backend_environment`` made.

``EDGEBENCH_ENVIRONMENTS`` names their directory (default: this machine's board). One that is missing is a failure,
with the command that makes it: a backend that is not tested is not a backend that works.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / folder) for folder in ("unit/runner", "fault", "backends")]

import environments  # noqa: E402
import network_files  # noqa: E402
import runner_process  # noqa: E402

from edgebench_runner import backend_probe  # noqa: E402

runner_process.PATIENCE_S = 300  # compiling on a busy machine takes minutes


@pytest.fixture(scope="session")
def interpreters() -> dict[str, str]:
    """The interpreter of every backend's environment."""
    default = REPOSITORY / ".edgebench/boards/local/envs"
    directory = os.environ.get("EDGEBENCH_ENVIRONMENTS", str(default))
    found = backend_probe.environments(directory) if Path(directory).is_dir() else {}
    missing = [name for name in environments.wanted() if name not in found]
    if missing:
        reason = f"{directory}: no environment of {', '.join(missing)}; make them: make backends"
        pytest.exit(reason, returncode=1)
    return found


@pytest.fixture(scope="session")
def network(interpreters: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """The small network's files."""
    return network_files.NetworkFiles(tmp_path_factory.mktemp("network"), interpreters)


@pytest.fixture(scope="session")
def large_network(interpreters: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """The same on larger images."""
    return network_files.NetworkFiles(tmp_path_factory.mktemp("large"), interpreters, size=128)


@pytest.fixture(scope="session")
def huge_network(interpreters: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """The same on images whose feature maps take much memory."""
    return network_files.NetworkFiles(tmp_path_factory.mktemp("huge"), interpreters, size=1024)

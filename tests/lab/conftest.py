"""A lab of two boards for each process of a test session: `make lab-test` has several, each with its test files."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from labs import VirtualLab, board, wait_until

__all__ = ["VirtualLab", "board", "lab", "needs_root", "wait_until"]

FIRST_THIRD_NUMBER = (
    60  # of the networks of these labs; a module with a lab of its own has its own below or above
)


@pytest.fixture(scope="session")
def needs_root() -> None:
    if os.geteuid() != 0:
        lacking = "the virtual lab makes namespaces and mounts: it needs root"
        if os.environ.get("CI"):  # there it has to be: a skip would hide a hole
            pytest.fail(lacking)
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def lab(needs_root: None, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[VirtualLab]:
    """A lab with a Raspberry Pi and a Jetson. A test leaves both running, cool and reachable."""
    boards = [board("pi4-a", "raspberry_pi_4"), board("orin-a", "jetson_orin")]
    number = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0
    network = f"10.213.{FIRST_THIRD_NUMBER + number}.0/24"
    made = VirtualLab(f"test{number}", network, tmp_path_factory.mktemp("lab"), boards)
    made.playbook("-e", "state=absent")  # of a session that was killed
    made.playbook()
    yield made
    made.playbook("-e", "state=absent")

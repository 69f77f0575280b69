"""A lab of two boards for the whole session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from labs import VirtualLab, board, wait_until

__all__ = ["VirtualLab", "board", "lab", "needs_root", "wait_until"]


@pytest.fixture(scope="session")
def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the virtual lab makes namespaces and mounts: it needs root")


@pytest.fixture(scope="session")
def lab(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLab]:
    """A lab with a Raspberry Pi and a Jetson. A test leaves both running, cool and reachable."""
    boards = [board("pi4-a", "raspberry_pi_4"), board("orin-a", "jetson_orin")]
    made = VirtualLab("test", "10.213.77.0/24", tmp_path_factory.mktemp("lab"), boards)
    made.playbook("-e", "state=absent")  # of a session that was killed
    made.playbook()
    yield made
    made.playbook("-e", "state=absent")

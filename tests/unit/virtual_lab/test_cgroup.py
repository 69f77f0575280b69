"""Listing and killing the processes of a control group, on a stand-in for the kernel's files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from virtual_lab import cgroup


def test_processes_are_those_of_the_group_and_of_all_below(tmp_path: Path) -> None:
    inner = tmp_path / "payload" / "system.slice"
    inner.mkdir(parents=True)
    (tmp_path / "cgroup.procs").write_text("12\n")
    (inner / "cgroup.procs").write_text("7\n12\n")
    assert cgroup.processes(tmp_path) == [7, 12]


def test_a_process_that_the_kernel_shows_as_0_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text("0\n12\n")
    assert cgroup.processes(tmp_path) == [12]


def test_killing_goes_on_until_the_group_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = tmp_path / "cgroup.procs"
    listing.write_text("12\n")
    killed: list[int] = []

    def kill(process: int, number: int) -> None:
        assert number == signal.SIGKILL
        killed.append(process)
        listing.write_text("13\n" if process == 12 else "")  # 12 had just forked

    monkeypatch.setattr(os, "kill", kill)
    cgroup.kill(tmp_path)
    assert killed == [12, 13]

"""Listing and killing the processes of a control group, on a stand-in for the kernel's files."""

from __future__ import annotations

import ipaddress
import os
import signal
from pathlib import Path

import pytest

from virtual_lab import cgroup
from virtual_lab.config import Board, Lab


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


@pytest.mark.parametrize("unified", [True, False])
def test_the_memory_is_limited_in_the_hierarchy_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unified: bool
) -> None:
    """On a stand-in for the kernel's files: no machine at hand has the memory controller in version 2."""
    one, two = tmp_path / "memory", tmp_path / "unified"
    mounts = [(two, "cgroup2", ["rw"])] + [(one, "cgroup", ["rw", "memory"])] * (not unified)
    monkeypatch.setattr(cgroup, "_mounts", lambda: mounts)
    for root in (one, two):
        root.mkdir()
    (two / "cgroup.controllers").write_text("cpu memory\n" if unified else "hugetlb\n")
    board = Board("b0", "raspberry_pi_3", "container", "bookworm", 512, 0)
    network = ipaddress.IPv4Network("10.213.0.0/24")
    lab = Lab("lab", tmp_path, tmp_path, network, None, tmp_path / "key", (board,))
    groups = cgroup.ensure(lab, board, 512 << 20)
    limit = groups[0] / ("memory.max" if unified else "memory.limit_in_bytes")
    assert limit.read_text() == str(512 << 20)
    assert groups == [root / "edgebench_lab_lab" / "b0" for root in ([two] if unified else [one, two])]
    delegated = [two, two / "edgebench_lab_lab"] if unified else []
    assert sorted(path.parent for path in tmp_path.rglob("cgroup.subtree_control")) == delegated

"""What is refused before a lab is touched."""

from __future__ import annotations

import ipaddress
import shutil
from pathlib import Path
from typing import Any

import pytest

from virtual_lab import lab, network
from virtual_lab.config import Board, Lab
from virtual_lab.errors import LabError

NETWORK = ipaddress.IPv4Network("10.213.0.0/24")


def lab_of(*machines: str) -> Lab:
    boards = tuple(
        Board(f"b{index}", "raspberry_pi_3", machine, "bookworm", 512, index)
        for index, machine in enumerate(machines)
    )
    return Lab("lab", Path("/lab"), Path("/images"), NETWORK, None, Path("/key"), boards)


def listed(address: str, prefix_length: int) -> list[dict[str, Any]]:
    """As `ip -4 -json address show` lists a loopback interface and one more."""
    loopback = {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8}]}
    other = {"family": "inet", "local": address, "prefixlen": prefix_length}
    return [loopback, {"ifname": "eb-other", "addr_info": [other]}, {"ifname": "down0", "addr_info": []}]


@pytest.mark.parametrize(
    ("address", "prefix_length"), [("10.213.0.1", 24), ("10.0.0.1", 8), ("10.213.0.200", 30)]
)
def test_a_network_of_another_interface_is_refused_by_name(address: str, prefix_length: int) -> None:
    with pytest.raises(
        LabError, match=rf"10\.213\.0\.0/24 overlaps {address}/{prefix_length} of interface eb-other"
    ):
        network.require_free(NETWORK, listed(address, prefix_length))


def test_a_network_beside_others_is_free() -> None:
    network.require_free(NETWORK, listed("10.213.1.1", 24))


def test_missing_tools_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"qemu-system-aarch64", "mke2fs"}
    monkeypatch.setattr(shutil, "which", lambda name: None if name in absent else f"/usr/bin/{name}")
    lab.require_tools(lab_of("container"))
    with pytest.raises(
        LabError,
        match="not installed: mke2fs, qemu-system-aarch64; apt-get install e2fsprogs qemu-system-arm ",
    ):
        lab.require_tools(lab_of("container", "emulated"))

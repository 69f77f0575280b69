"""The lab's network: a bridge without an uplink, and a cable from it to each board."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

from virtual_lab.command import run, succeeds
from virtual_lab.config import Board, Lab
from virtual_lab.errors import LabError

INTERFACES = Path("/sys/class/net")
NAMESPACES = Path("/run/netns")


def bridge(lab: Lab) -> str:
    """Name of the lab's bridge."""
    return f"eb-{lab.name}"


def interface(lab: Lab, board: Board) -> str:
    """Name of the controller's end of a board's cable."""
    return f"eb-{lab.name}-{board.index}"


def namespace(lab: Lab, board: Board) -> str:
    """Name of a board's network namespace."""
    return f"eb-{lab.name}-{board.name}"


def ensure_bridge(lab: Lab) -> bool:
    """Make the bridge with the controller's address; return whether it had to be made.

    Raises:
        LabError: the network is another interface's already; boards of two labs would answer for one another.
    """
    name = bridge(lab)
    if (INTERFACES / name).exists():
        return False
    require_free(lab.network, json.loads(run(["ip", "-4", "-json", "address", "show"]) or "[]"))
    run(["ip", "link", "add", name, "type", "bridge"])
    run(["ip", "address", "add", lab.gateway, "dev", name])
    run(["ip", "link", "set", name, "up"])
    return True


def require_free(network: ipaddress.IPv4Network, interfaces: list[dict[str, Any]]) -> None:
    """Check a lab's network against what `ip -json address show` lists.

    Raises:
        LabError: an interface has an address in it or in a network around it.
    """
    for entry in interfaces:
        for address in entry.get("addr_info", []):
            taken = ipaddress.IPv4Interface(f"{address['local']}/{address['prefixlen']}")
            if taken.network.overlaps(network):
                raise LabError(
                    f"network: {network} overlaps {taken} of interface {entry['ifname']};"
                    " choose another with virtual_lab_network"
                )


def ensure_namespace(lab: Lab, board: Board) -> bool:
    """Make a board's namespace and plug its cable into the bridge; return whether it had to be made."""
    inside, outside = namespace(lab, board), interface(lab, board)
    if (NAMESPACES / inside).exists() and (INTERFACES / outside).exists():
        return False
    remove_board(lab, board)
    run(["ip", "netns", "add", inside])
    run(["ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", inside])
    run(["ip", "link", "set", outside, "master", bridge(lab), "up"])
    address = f"{lab.address(board)}/{lab.network.prefixlen}"
    run(["ip", "-n", inside, "address", "add", address, "dev", "eth0"])
    run(["ip", "-n", inside, "link", "set", "eth0", "up"])
    run(["ip", "-n", inside, "link", "set", "lo", "up"])
    return True


def ensure_tap(lab: Lab, board: Board) -> bool:
    """Make the tap of an emulated board and plug it into the bridge; return whether it had to be made."""
    name = interface(lab, board)
    if (INTERFACES / name).exists():
        return False
    run(["ip", "tuntap", "add", name, "mode", "tap"])
    run(["ip", "link", "set", name, "master", bridge(lab), "up"])
    return True


def set_cable(lab: Lab, board: Board, plugged: bool) -> None:
    """Pull a board's network cable, or plug it back."""
    run(["ip", "link", "set", interface(lab, board), "up" if plugged else "down"])


def remove_board(lab: Lab, board: Board) -> None:
    """Remove a board's namespace and cable; harmless when there are none."""
    succeeds(["ip", "link", "delete", interface(lab, board)])
    succeeds(["ip", "netns", "delete", namespace(lab, board)])


def remove_all(lab_name: str) -> bool:
    """Remove every interface and namespace that carries the lab's name; return whether there were any."""
    prefix = f"eb-{lab_name}"
    links = [link["ifname"] for link in json.loads(run(["ip", "-json", "link", "show"]) or "[]")]
    ours = [name for name in links if name == prefix or name.startswith(f"{prefix}-")]
    for name in ours:
        run(["ip", "link", "delete", name])
    spaces = [path.name for path in NAMESPACES.glob(f"{prefix}-*")]
    for name in spaces:
        run(["ip", "netns", "delete", name])
    return bool(ours or spaces)

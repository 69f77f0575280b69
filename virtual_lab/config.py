"""What a lab consists of: `lab.json`, written by the Ansible role, read and checked here."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from pathlib import Path
from typing import Any

from virtual_lab.errors import LabError

SCHEMA = "edgebench/virtual_lab/1"
RUNTIME_ROOT = Path("/run/edgebench_virtual_lab")
BOARD_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
LAB_NAME = re.compile(
    r"[a-z0-9]{1,8}"
)  # an interface is named eb-<lab>-<index>, and Linux allows 15 characters
RELEASES = ("bullseye", "bookworm", "trixie", "bionic")
CONTAINERS_ONLY = ("bionic",)
MACHINES = Path(__file__).parent / "machines"
KINDS = Path(__file__).parent / "kinds"
FIRST_HOST = 10
SMALLEST_MEMORY_MB = 128


@dataclasses.dataclass(frozen=True)
class Board:
    """One board of the lab.

    Attributes:
        name: host name, and the board's name in the inventory.
        kind: a file of `kinds/`, which says what the hardware looks like.
        machine: a module of `machines/`, which says how it runs: `container` or `emulated`.
        release: Debian or Ubuntu release of its root file system.
        memory_mb: memory in MiB; past it the kernel kills.
        index: position in the lab, which fixes the address and the interface.
        shares: directories of this machine that a container sees at their own paths; what it writes there is its own.
    """

    name: str
    kind: str
    machine: str
    release: str
    memory_mb: int
    index: int
    shares: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Lab:
    """A whole lab; `directory` holds its state, `images` the root file systems that labs share."""

    name: str
    directory: Path
    images: Path
    network: ipaddress.IPv4Network
    mirror: str | None
    client_key: Path
    boards: tuple[Board, ...]

    def board(self, name: str) -> Board:
        """Return the board called `name`.

        Raises:
            LabError: no board has this name.
        """
        for board in self.boards:
            if board.name == name:
                return board
        known = ", ".join(board.name for board in self.boards)
        raise LabError(f"board {name!r} is not in the lab; its boards are: {known}")

    def board_directory(self, name: str) -> Path:
        """Where a board keeps its disk, hardware state and console log."""
        return self.directory / "boards" / name

    @property
    def runtime(self) -> Path:
        """Where sockets and locks live; gone when the machine restarts, as the boards are."""
        return RUNTIME_ROOT / self.name

    @property
    def gateway(self) -> str:
        """Address of the controller on the lab's bridge, with its prefix length."""
        return f"{self.network[1]}/{self.network.prefixlen}"

    def address(self, board: Board) -> str:
        """Address of a board on the lab's bridge."""
        return str(self.network[FIRST_HOST + board.index])


def load(directory: Path) -> Lab:
    """Read and check `lab.json` of a lab's directory.

    Raises:
        LabError: the file is missing or a value in it is wrong.
    """
    path = directory / "lab.json"
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        raise LabError(
            f"{path}: no lab here; make one with ansible-playbook playbooks/virtual_lab.yml"
        ) from None
    except ValueError as error:
        raise LabError(f"{path}: not JSON: {error}") from None
    try:
        return parse(document, directory.resolve())
    except LabError as error:
        raise LabError(f"{path}: {error}") from None


def parse(document: dict[str, Any], directory: Path) -> Lab:
    """Turn a lab document into a `Lab`.

    Raises:
        LabError: naming the key, what was found and what is valid.
    """
    _require(document.get("schema") == SCHEMA, "schema", document.get("schema"), SCHEMA)
    name = document.get("name")
    _require(isinstance(name, str) and LAB_NAME.fullmatch(name), "name", name, "1 to 8 of a-z0-9")
    boards = tuple(_board(entry, index) for index, entry in enumerate(document.get("boards") or []))
    _require(boards, "boards", document.get("boards"), "a list of at least one board")
    names = [board.name for board in boards]
    _require(len(set(names)) == len(names), "boards", names, "each name once")
    network = _network(document.get("network"), len(boards))
    return Lab(
        name=str(name),
        directory=directory,
        images=Path(document["images"]),
        network=network,
        mirror=document.get("mirror") or None,
        client_key=Path(document["client_key"]),
        boards=boards,
    )


def _board(entry: dict[str, Any], index: int) -> Board:
    def check(key: str, valid: bool, allowed: str) -> None:
        _require(valid, f"boards[{index}].{key}", entry.get(key), allowed)

    machines = sorted(path.stem for path in MACHINES.glob("[!_]*.py"))
    kinds = sorted(path.stem for path in KINDS.glob("*.toml"))
    memory_mb = entry.get("memory_mb")
    check("name", bool(BOARD_NAME.fullmatch(str(entry.get("name")))), "[a-z0-9][a-z0-9_-]*")
    check("kind", entry.get("kind") in kinds, ", ".join(kinds))
    check("machine", entry.get("machine") in machines, ", ".join(machines))
    releases = [one for one in RELEASES if one not in CONTAINERS_ONLY or entry.get("machine") == "container"]
    check("release", entry.get("release") in releases, ", ".join(releases))
    check(
        "memory_mb",
        isinstance(memory_mb, int) and memory_mb >= SMALLEST_MEMORY_MB,
        f"an integer from {SMALLEST_MEMORY_MB}",
    )
    shares = entry.get("shares", [])
    can_share = isinstance(shares, list) and (not shares or entry["machine"] == "container")
    check("shares", can_share and all(map(_is_share, shares)), "directories of this machine, for a container")
    fields = ("name", "kind", "machine", "release", "memory_mb")
    return Board(**{field: entry[field] for field in fields}, index=index, shares=tuple(shares))


def _is_share(path: Any) -> bool:
    return isinstance(path, str) and Path(path).is_absolute() and Path(path).is_dir()


def _network(value: Any, n_boards: int) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        raise LabError(
            f"network: found {value!r}; valid is a private IPv4 network such as 10.213.0.0/24"
        ) from None
    room = network.num_addresses - FIRST_HOST - 1
    _require(
        network.is_private and room >= n_boards, "network", value, f"private, with room for {n_boards} boards"
    )
    return network


def _require(valid: object, key: str, found: object, allowed: str) -> None:
    if not valid:
        raise LabError(f"{key}: found {found!r}; valid is {allowed}")

"""What a lab may consist of."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from virtual_lab import config
from virtual_lab.errors import LabError

DOCUMENT: dict[str, Any] = {
    "schema": config.SCHEMA,
    "name": "lab",
    "network": "10.213.0.0/24",
    "images": "/images",
    "mirror": "",
    "client_key": "/key",
    "boards": [
        {
            "name": "pi4-a",
            "kind": "raspberry_pi_4",
            "machine": "container",
            "release": "bookworm",
            "memory_mb": 512,
        },
        {
            "name": "nano-a",
            "kind": "jetson_nano",
            "machine": "emulated",
            "release": "bookworm",
            "memory_mb": 1024,
        },
    ],
}


def changed(key: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    target = document["boards"][0] if key.startswith("boards.") else document
    target[key.removeprefix("boards.")] = value
    return document


def test_a_lab_is_read(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text(json.dumps(DOCUMENT))
    lab = config.load(tmp_path)
    assert [lab.address(board) for board in lab.boards] == ["10.213.0.10", "10.213.0.11"]
    assert lab.gateway == "10.213.0.1/24"
    assert lab.mirror is None
    assert lab.board("nano-a").machine == "emulated"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema", "other", "valid is edgebench/virtual_lab/1"),
        ("name", "a-much-too-long-name", "name: found 'a-much-too-long-name'"),
        ("network", "8.8.8.0/24", "network: found '8.8.8.0/24'; valid is private"),
        ("network", "10.0.0.0/29", "with room for 2 boards"),
        ("network", "here", "valid is a private IPv4 network"),
        ("boards", [], "a list of at least one board"),
        ("boards.name", "Pi4", r"boards[0].name: found 'Pi4'"),
        ("boards.name", "nano-a", "each name once"),
        ("boards.kind", "raspberry_pi_9", "valid is generic_linux, jetson_nano"),
        ("boards.machine", "cloud", "valid is container, emulated"),
        ("boards.release", "sid", "valid is bullseye, bookworm, trixie"),
        ("boards.memory_mb", 64, "an integer from 128"),
        ("boards.memory_mb", "1G", "an integer from 128"),
        ("boards.shares", "/usr", "directories of this machine, for a container"),
        ("boards.shares", ["usr"], r"boards[0].shares: found ['usr']"),
        ("boards.shares", ["/no/such/directory"], "directories of this machine"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, key: str, value: Any, message: str) -> None:
    (tmp_path / "lab.json").write_text(json.dumps(changed(key, value)))
    with pytest.raises(LabError) as caught:
        config.load(tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path / "lab.json") in str(caught.value)


def test_an_emulated_board_shares_nothing(tmp_path: Path) -> None:
    document = changed("boards.shares", ["/usr"])
    assert config.parse(document, tmp_path).boards[0].shares == ("/usr",)
    document["boards"][0]["machine"] = "emulated"
    with pytest.raises(LabError, match="for a container"):
        config.parse(document, tmp_path)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no lab here"):
        config.load(tmp_path)
    (tmp_path / "lab.json").write_text("{")
    with pytest.raises(LabError, match="not JSON"):
        config.load(tmp_path)


def test_an_unknown_board_is_named(tmp_path: Path) -> None:
    lab = config.parse(DOCUMENT, tmp_path)
    with pytest.raises(LabError, match="'pi9' is not in the lab; its boards are: pi4-a, nano-a"):
        lab.board("pi9")

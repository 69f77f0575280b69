"""Boards of one kind are compared part by part before they are measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from controller.fingerprints import compare, lines

REPOSITORY = Path(__file__).resolve().parents[3]
BOARD = {"kernel": "6.12.47", "swap_bytes": 0, "boot_config": ["arm_boost=1"]}
ENVIRONMENT = {"python": "3.11.2", "packages": ["numpy-1.26.4", "pip-26.3"]}


def answer(board: str, kind: str = "raspberry_pi_4", **changes: Any) -> dict[str, Any]:
    environment = ENVIRONMENT | changes.pop("environment", {})
    text = json.dumps({"board": BOARD | changes, "environments": {"tflite": environment}})
    return {"board": board, "kind": kind, "text": text}


def test_equal_boards_are_not_talked_about() -> None:
    document = compare([answer("pi4-a"), answer("pi4-b")])
    assert document == {"schema": "edgebench/fingerprints/1", "differences": [], "unknown": []}
    assert lines(document) == []


def test_boards_of_different_kinds_are_not_compared() -> None:
    assert compare([answer("pi4-a"), answer("pi5-a", "raspberry_pi_5", kernel="6.6.0")])["differences"] == []


def test_each_difference_has_every_boards_value() -> None:
    document = compare([answer("pi4-a"), answer("pi4-b", kernel="6.1.21"), answer("pi4-c")])
    values = {"pi4-a": "6.12.47", "pi4-b": "6.1.21", "pi4-c": "6.12.47"}
    assert document["differences"] == [
        {"kind": "raspberry_pi_4", "backend": None, "part": "kernel", "values": values}
    ]
    assert lines(document)[1] == "  raspberry_pi_4  kernel: pi4-a: 6.12.47; pi4-b: 6.1.21; pi4-c: 6.12.47"


def test_of_lists_only_what_not_all_have_is_shown() -> None:
    other = answer("pi4-b", environment={"packages": ["numpy-2.0.2", "pip-26.3"]})
    difference = compare([answer("pi4-a"), other])["differences"][0]
    assert (difference["backend"], difference["part"]) == ("tflite", "packages")
    assert difference["values"] == {"pi4-a": ["numpy-1.26.4"], "pi4-b": ["numpy-2.0.2"]}


def test_an_environment_that_one_board_lacks_is_a_difference() -> None:
    text = json.dumps({"board": BOARD, "environments": {}})
    found = compare([answer("pi4-a"), {"board": "pi4-b", "kind": "raspberry_pi_4", "text": text}])
    assert {one["values"]["pi4-b"] for one in found["differences"]} == {"absent"}


@pytest.mark.parametrize("text", ["", "not JSON", "[]", '{"board": null, "environments": {}}'])
def test_a_board_without_an_answer_is_unknown_and_never_equal(text: str) -> None:
    document = compare([answer("pi4-a"), {"board": "pi4-b", "kind": "raspberry_pi_4", "text": text}])
    assert document["unknown"] == ["pi4-b"]
    assert "pi4-b" in lines(document)[0]


def test_the_document_keeps_to_its_schema() -> None:
    schema = json.loads((REPOSITORY / "schemas" / "fingerprints.json").read_text())
    broken = {"board": "pi4-c", "kind": "raspberry_pi_4", "text": ""}
    jsonschema.validate(compare([answer("pi4-a"), answer("pi4-b", kernel="6.1.21"), broken]), schema)

"""The table of all boards puts what needs a hand first, and counts everything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[3] / "plugins" / "filter" / "edgebench_doctor_table.py"
SPEC = importlib.util.spec_from_file_location("edgebench_doctor_table", PLUGIN)
assert SPEC and SPEC.loader
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)


def finding(board: str, check: str, status: str) -> dict[str, str]:
    return {"board": board, "check": check, "status": status, "found": "found", "advice": "advice"}


def test_the_worst_comes_first_and_nothing_is_left_out() -> None:
    findings = [
        finding("pi", "disk", "pass"),
        finding("pi", "governor", "warn"),
        finding("orin-a", "throttle", "unknown"),
        finding("nano", "reachable", "fail"),
    ]
    heading, *rows, counts = MODULE.doctor_table(findings)
    assert heading.split() == ["board", "check", "status", "found", "advice"]
    assert [row.split()[0] for row in rows] == ["nano", "orin-a", "pi", "pi"]
    assert counts == "1 fail, 1 unknown, 1 warn, 1 pass"


def test_columns_line_up() -> None:
    table = MODULE.doctor_table([finding("a", "disk", "pass"), finding("a-long-name", "governor", "fail")])
    assert len({row.index("found") for row in table[:3]}) == 1


def test_a_lab_without_boards_is_an_empty_table() -> None:
    assert MODULE.doctor_table([])[-1] == "0 fail, 0 unknown, 0 warn, 0 pass"

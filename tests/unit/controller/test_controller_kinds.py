"""A board's kind by what it says it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.kinds import kinds_of

KINDS = str(Path(__file__).resolve().parents[3] / "playbooks" / "group_vars")


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", ["raspberry_pi_4"]),
        ("NVIDIA Jetson Orin Nano Developer Kit", ["jetson_orin"]),
        ("Radxa ROCK 5B", []),
        (None, []),
    ],
)
def test_a_model_is_found_by_its_pattern(model: str | None, kinds: list[str]) -> None:
    assert kinds_of(model, KINDS) == kinds

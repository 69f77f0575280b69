"""Every kind tells its own boards from all others, and wants only what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from board_tuning import knobs

REPOSITORY = Path(__file__).resolve().parents[3]
KINDS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((REPOSITORY / "playbooks/group_vars").glob("*.yml"))
}
KINDS = {name: content for name, content in KINDS.items() if "edgebench_kind" in content}
EXAMPLE = REPOSITORY / "inventory" / "example_lab" / "hosts.yml"
# What the device trees of these boards say; JetPack 4 names two of them by their code names.
MODELS = {
    "Raspberry Pi 3 Model B Rev 1.2": "raspberry_pi_3",
    "Raspberry Pi 3 Model B Plus Rev 1.3": "raspberry_pi_3",
    "Raspberry Pi 4 Model B Rev 1.4": "raspberry_pi_4",
    "Raspberry Pi 400 Rev 1.0": "raspberry_pi_4",
    "Raspberry Pi 5 Model B Rev 1.0": "raspberry_pi_5",
    "Raspberry Pi Compute Module 5 Rev 1.0": "raspberry_pi_5",
    "NVIDIA Jetson Nano Developer Kit": "jetson_nano",
    "quill": "jetson_tx2",
    "NVIDIA Jetson TX2 Developer Kit": "jetson_tx2",
    "Jetson-AGX": "jetson_xavier",
    "NVIDIA Jetson Xavier NX Developer Kit": "jetson_xavier",
    "NVIDIA Jetson AGX Orin Developer Kit": "jetson_orin",
    "NVIDIA Jetson Orin Nano Developer Kit": "jetson_orin",
}


@pytest.mark.parametrize(("model", "kind"), MODELS.items())
def test_a_model_is_of_one_kind_only(model: str, kind: str) -> None:
    def matches(content: dict[str, Any]) -> bool:
        return any(re.search(pattern, model) for pattern in content.get("board_facts_model_patterns", []))

    assert [name for name, content in KINDS.items() if matches(content)] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_its_file_and_its_group(kind: str) -> None:
    assert KINDS[kind]["edgebench_kind"] == kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_wants_knobs_that_exist(kind: str) -> None:
    assert set(KINDS[kind].get("board_tuning_wanted", {})) <= set(knobs.names())


def test_the_example_lab_has_every_kind() -> None:
    assert set(yaml.safe_load(EXAMPLE.read_text())["boards"]["children"]) == set(KINDS)


def test_this_machine_is_not_tuned_unasked() -> None:
    assert "board_tuning_wanted" not in KINDS["generic_linux"]

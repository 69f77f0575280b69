from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.lab import CHECKOUT, Lab

NEEDED = (
    "controller",
    "edgebench_runner",
    "locks",
    "model_zoo",
    "playbooks",
    "plugins",
    "power_meter",
    "profiles",
    "roles",
    "schemas",
)
WRONG_PROFILE = {
    "schema": "edgebench/profile/1",
    "description": "Nothing in it is right.",
    "models": ["resnet5"],
    "variants": ["fp32"],
    "backends": {"onnx": {}, "onnxruntime": {"thread": 2}},
    "modes": {"warm": {"warmup": "five", "inferences": 30}},
    "repeats": 0,
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A copy of the checkout with a profile, and a lab with an inventory, that are wrong in many ways."""
    folder = tmp_path_factory.mktemp("wrong")
    for name in NEEDED:
        shutil.copytree(CHECKOUT / name, folder / "checkout" / name)
    shutil.copy(CHECKOUT / "ansible.cfg", folder / "checkout")
    (folder / "checkout" / "profiles" / "wrong.yml").write_text(yaml.safe_dump(WRONG_PROFILE))
    return Lab(folder, folder / "checkout")


def refused(lab: Lab, **variables: Any) -> list[str]:
    """What is said of a sweep that must be refused, one line for each problem."""
    done: subprocess.CompletedProcess[str] = lab.run("full_sweep", **variables)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "Traceback" not in said
    assert "nothing was touched" in said
    assert not lab.results.exists()
    assert not lab.board_root.exists()
    assert not (lab.checkout / ".edgebench").exists()
    return [line.strip() for line in said.splitlines() if ": found " in line]


@pytest.mark.parametrize(
    ("key", "found", "valid"),
    [
        ("models", "'resnet5'", "resnet50"),
        ("backends.onnx", "'onnx'", "onnxruntime"),
        ("backends.onnxruntime.thread", "'thread'", "threads"),
        ("modes.warm.warmup", "'five'", "a whole number"),
        ("repeats", "0", "at least 1"),
        ("edgebench_kind", "'pi'", "generic_linux"),
        ("edgebench_can_reboot", "'sometimes'", "true or false"),
        ("edgebench_metre", "'edgebench_metre'", "edgebench_meter"),
        ("edgebench_meters.desk.driver", "'tc66'", "tc66c"),
    ],
)
def test_every_mistake_is_said_in_one_run(wrong_lines: list[str], key: str, found: str, valid: str) -> None:
    (line,) = {line for line in wrong_lines if f"{key}: found {found}" in line}
    assert valid in line.partition("valid: ")[2]


@pytest.fixture(scope="module")
def wrong_lines(wrong: Lab) -> list[str]:
    wrong.write_inventory(
        edgebench_kind="pi",
        edgebench_can_reboot="sometimes",
        edgebench_metre=None,
        edgebench_meters={"desk": {"driver": "tc66", "scope": "dc_input"}},
    )
    return refused(wrong, profile="wrong", scale=0.5)


def test_nothing_right_is_called_wrong(wrong_lines: list[str]) -> None:
    assert len(set(wrong_lines)) == 9


def test_files_and_meters_that_are_missing_are_named(wrong: Lab) -> None:
    wrong.write_inventory(
        edgebench_meter="bench",
        edgebench_meters={"desk": {"driver": "tc66c", "scope": "dc_input", "port": "/dev/serial/by-id/none"}},
    )
    lines = refused(wrong, profile="nightli", sweep_id="No Such Id!", scale=3)
    assert any("profile: found 'nightli'; valid:" in line and "smoke" in line for line in lines)
    assert any("edgebench_meter: found 'bench'; valid: desk" in line for line in lines)
    assert any("sweep_id: found 'No Such Id!'" in line for line in lines)
    assert any("scale: found 3.0; valid: a number above 0, at most 1" in line for line in lines)


def test_a_port_that_does_not_exist_is_named(wrong: Lab) -> None:
    port = "/dev/serial/by-id/none"
    wrong.write_inventory(edgebench_meters={"desk": {"driver": "tc66c", "scope": "dc_input", "port": port}})
    (line,) = set(refused(wrong, profile="quick"))
    assert (
        f"edgebench_meters.desk.port: found '{port}'; valid: a serial or hidraw device that exists, auto"
        in line
    )


def test_an_inventory_without_boards_is_named(wrong: Lab) -> None:
    path: Path = wrong.folder / "inventory" / "hosts.yml"
    path.write_text("boards:\n  hosts: {}\n")
    (line,) = set(refused(wrong, profile="quick"))
    assert "boards: found nothing" in line

"""Boards of three Debian releases and of Ubuntu 18.04 get their environments, and go back to exactly what they were.

Ubuntu 18.04 is what JetPack 4 is, less NVIDIA's packages: Python 3.6, which Ansible no longer drives, systemd 237, apt.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import linear_digits
import provisioning
import pytest
from labs import REPOSITORY, VirtualLab, board
from provisioning import (
    ROOT,
    STATE,
    changed_tasks,
    changes,
    environments,
    interpreter,
    require_right_answers,
    run_cell,
)

from controller import fingerprints

pytestmark = pytest.mark.lab
BOARDS = [
    board("pi4-a", "raspberry_pi_4"),
    board("pi4-b", "raspberry_pi_4"),
    board("pi3-a", "raspberry_pi_3", release="bullseye"),
    board("pi5-a", "raspberry_pi_5", release="trixie"),
    board("nano-a", "jetson_nano", release="bionic"),
]
NAMES = [one["name"] for one in BOARDS]
BACKENDS = ["null", "onnxruntime", "tflite"]
BACKENDS_OF = dict.fromkeys(NAMES, BACKENDS) | {"nano-a": ["null", "onnxruntime"]}


def playbook(lab: VirtualLab, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the product's playbooks over the lab."""
    return provisioning.playbook(lab, name, None, *arguments)


@pytest.fixture(scope="module")
def fresh(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLab]:
    """Boards that nobody has touched."""
    lab = VirtualLab("prov", "10.213.141.0/24", tmp_path_factory.mktemp("provision"), BOARDS)
    lab.playbook("-e", "state=absent")  # of a session that was killed
    lab.playbook()
    (lab.inventory / "host_vars").mkdir()
    for name, backends in BACKENDS_OF.items():
        (lab.inventory / "host_vars" / f"{name}.yml").write_text(json.dumps({"edgebench_backends": backends}))
    yield lab
    lab.playbook("-e", "state=absent")


@pytest.fixture(scope="module")
def found(fresh: VirtualLab) -> dict[str, str]:
    """The state of every board before anything of ours came near it."""
    return {name: fresh.output(name, STATE) for name in NAMES}


@pytest.fixture(scope="module")
def provisioned(fresh: VirtualLab, found: dict[str, str]) -> VirtualLab:
    """The boards once provisioned, after a dry run that must leave them alone."""
    dry = playbook(fresh, "provision", "--check")
    assert dry.returncode == 0, dry.stdout
    assert all(changes(dry).values()), "a dry run says what would change"
    for name in NAMES:
        assert fresh.output(name, f"ls {ROOT} 2>/dev/null || true") == ""
        assert fresh.output(name, STATE) == found[name]
    done = playbook(fresh, "provision")
    assert done.returncode == 0, done.stdout
    return fresh


def forged_wheelhouse(directory: Path, platform: str) -> Path:
    """Copy a wheelhouse and change one byte of its numpy, behind the back of its index."""
    forged = directory / "wheelhouse"
    shutil.copytree(REPOSITORY / ".edgebench" / "wheelhouse" / platform, forged)
    for wheel in forged.glob("numpy-*.whl"):
        content = bytearray(wheel.read_bytes())
        content[len(content) // 2] ^= 1
        wheel.write_bytes(content)
    return forged


def test_every_board_has_its_environments(provisioned: VirtualLab) -> None:
    for name in NAMES:
        made = environments(provisioned, name)
        assert sorted(one["backend"] for one in made.values()) == BACKENDS_OF[name]


def test_jetpack_4_gets_ubuntus_newer_python_and_keeps_its_own(provisioned: VirtualLab) -> None:
    assert provisioned.output("nano-a", "python3 --version") == "Python 3.6.9"
    owner = provisioned.output("nano-a", "dpkg -S /usr/bin/python3.8")
    assert owner.startswith("python3.8-minimal:")
    made = environments(provisioned, "nano-a").values()
    assert {one["python"] for one in made} == {"3.6.9"}


def differences(lab: VirtualLab) -> list[dict[str, Any]]:
    """Return what the sweep would say of the two Raspberry Pis 4."""
    command = f"python3 {ROOT}/edgebench_runner.pyz fingerprint --environments {ROOT}/envs"
    pair = [board for board in BOARDS if board["kind"] == "raspberry_pi_4"]
    answers = [
        {"board": one["name"], "kind": one["kind"], "text": lab.output(one["name"], command)} for one in pair
    ]
    found = fingerprints.compare(answers)
    assert found["unknown"] == []
    assert sorted(json.loads(answers[0]["text"])["environments"]) == BACKENDS
    return list(found["differences"])


def test_two_boards_of_a_kind_are_the_same_and_a_changed_one_is_told(provisioned: VirtualLab) -> None:
    assert differences(provisioned) == []
    packages = f"{ROOT}/envs/tflite-*/lib/python3*/site-packages"
    provisioned.output("pi4-b", f"cd {packages} && mkdir sneaked-1.0.dist-info")
    assert [(one["backend"], one["values"]) for one in differences(provisioned)] == [
        ("tflite", {"pi4-a": [], "pi4-b": ["sneaked-1.0"]})
    ]
    provisioned.output("pi4-b", f"cd {packages} && rmdir sneaked-1.0.dist-info")


def test_boards_have_no_way_to_the_internet(provisioned: VirtualLab) -> None:
    assert provisioned.output("pi4-a", "ip route show default") == ""


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> linear_digits.Artifacts:
    """One trained model as .onnx and as .tflite."""
    return linear_digits.write(tmp_path_factory.mktemp("linear_digits"))


@pytest.mark.parametrize(
    ("form", "name", "library"),
    [
        ("onnx", "pi3-a", "1.19.2"),
        ("onnx", "pi4-a", "1.31.1"),
        ("onnx", "pi5-a", "1.31.1"),
        ("onnx", "nano-a", "1.10.0"),
        ("tflite", "pi3-a", "tflite_runtime 2.13.0"),
        ("tflite", "pi4-a", "tflite_runtime 2.14.0"),
        ("tflite", "pi5-a", "litert 2.3.0"),
    ],
)
def test_a_real_cell_gives_the_models_answers(
    provisioned: VirtualLab, artifacts: linear_digits.Artifacts, form: str, name: str, library: str
) -> None:
    python = interpreter(provisioned, name, {"onnx": "onnxruntime"}.get(form, form))
    kind = next(one["kind"] for one in BOARDS if one["name"] == name)
    spec = artifacts.spec(name, kind, form, "/root/cell-files", python)
    record, answers = run_cell(provisioned, name, artifacts.directory, spec)
    require_right_answers(record, answers, artifacts)
    assert record["backend_info"]["version"] == library
    assert record["python"] == environments(provisioned, name)[Path(python).parts[-3]]["python"]


def test_a_second_run_changes_nothing(provisioned: VirtualLab) -> None:
    again = playbook(provisioned, "provision")
    assert again.returncode == 0, again.stdout
    assert changes(again) == dict.fromkeys(NAMES, 0), changed_tasks(again)


def test_a_reboot_does_not_lose_the_tuning(provisioned: VirtualLab) -> None:
    governor = "cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
    provisioned.output("pi4-a", f"echo ondemand > {governor.split()[1]}")
    provisioned.reboot("pi4-a")
    provisioned.output("pi4-a", "systemctl is-system-running --wait || true")
    assert provisioned.output("pi4-a", governor) == "performance"


def test_an_interrupted_environment_is_made_again_but_not_from_other_bytes(
    provisioned: VirtualLab, tmp_path: Path
) -> None:
    path = next(name for name in environments(provisioned, "pi4-a") if name.startswith("null-"))
    provisioned.output("pi4-a", f"rm {ROOT}/envs/{path}/environment.json {ROOT}/envs/{path}/bin/python3")
    forged = forged_wheelhouse(tmp_path, "linux-x86_64-cp311")
    refused = playbook(
        provisioned, "provision", "--limit", "pi4-a,localhost", "-e", f"wheelhouse_dir={forged}"
    )
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stdout
    assert path not in environments(provisioned, "pi4-a")
    again = playbook(provisioned, "provision", "--limit", "pi4-a,localhost")
    assert again.returncode == 0, again.stdout
    assert path in environments(provisioned, "pi4-a")


def test_a_board_of_another_kind_is_named_and_left_alone(provisioned: VirtualLab) -> None:
    patterns = json.dumps({"board_facts_model_patterns": ["^Raspberry Pi 4"]})
    done = playbook(provisioned, "provision", "-e", patterns)
    assert done.returncode != 0
    assert "The inventory says that pi5-a is a raspberry_pi_5" in done.stdout
    assert "Raspberry Pi 5 Model B" in done.stdout
    assert changes(done) == dict.fromkeys(NAMES, 0)


def test_a_board_that_is_off_ends_nothing_for_the_others(provisioned: VirtualLab) -> None:
    provisioned.power("off", "pi3-a")
    try:
        quick = json.dumps({"board_facts_connect_timeout_s": 5, "edgebench_fail_on_broken": False})
        done = playbook(provisioned, "provision", "-e", quick)
        assert done.returncode == 0, done.stdout
        assert re.search(r"^pi3-a .*unreachable=0.*rescued=[1-9]", done.stdout, re.MULTILINE), done.stdout
        alone = playbook(provisioned, "health_check", "-e", '{"board_facts_connect_timeout_s": 5}')
        assert alone.returncode != 0
        assert re.search(r"pi3-a +reachable +fail", alone.stdout)
        assert re.search(r"pi4-a +governor +pass +performance", alone.stdout)
    finally:
        provisioned.power("on", "pi3-a")


def test_restore_puts_every_board_back(provisioned: VirtualLab, found: dict[str, str]) -> None:
    assert any(provisioned.output(name, STATE) != found[name] for name in NAMES), "nothing to restore"
    done = playbook(provisioned, "restore")
    assert done.returncode == 0, done.stdout
    assert {name: provisioned.output(name, STATE) for name in NAMES} == found
    again = playbook(provisioned, "restore")
    assert changes(again) == dict.fromkeys(NAMES, 0)

"""Two emulated Raspberry Pi 3: core, kernel, clock and gigabyte are the board's own. `make test-arm`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hoarder
import linear_digits
import provisioning
import pytest
from labs import REPOSITORY, SSH_TIMEOUT_S, VirtualLab, emulated
from provisioning import ROOT, STATE, changed_tasks, changes, environments, fingerprint, interpreter, run_cell
from sweeps import Controller

pytestmark = pytest.mark.arm

HOUR_S = 3600
EMULATED_S, CELL_S, SWEEP_S = 900, 600, 3600
PLATFORM = "debian-12-aarch64-cp311"
NAMES = ["pi3-a", "pi3-b"]
BACKENDS = ["null", "onnxruntime", "tflite"]
FORMS = {"onnxruntime": "onnx", "tflite": "tflite"}


@pytest.fixture(scope="module")
def arm(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLab]:
    """Two boards of one kind, each with the gigabyte of the real one."""
    boards = [emulated(name, "raspberry_pi_3", 1024) for name in NAMES]
    made = VirtualLab("arm", "10.213.82.0/24", tmp_path_factory.mktemp("arm"), boards)
    made.playbook("-e", "state=absent")  # of a session that was killed
    made.playbook()
    yield made
    made.playbook("-e", "state=absent")


def playbook(lab: VirtualLab, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return provisioning.playbook(lab, name, BACKENDS, *arguments, timeout_s=3600)


def test_the_board_is_what_it_says(arm: VirtualLab) -> None:
    assert arm.output("pi3-a", "uname -m") == "aarch64"
    assert arm.output("pi3-a", "tr -d '\\0' < /proc/device-tree/model") == "Raspberry Pi 3 Model B Rev 1.2"
    assert arm.output("pi3-a", "grep -m1 'CPU part' /proc/cpuinfo").endswith("0xd03")  # Cortex-A53


def test_hardware_is_the_labs(arm: VirtualLab) -> None:
    arm.cli("set", "pi3-a", "temperature_c=71")
    assert arm.output("pi3-a", "cat /sys/class/thermal/thermal_zone0/temp") == "71000"
    assert arm.output("pi3-a", "vcgencmd measure_temp") == "temp=71.0'C"
    arm.cli("set", "pi3-a", "temperature_c=45")


def test_reboot_changes_the_boot_id(arm: VirtualLab) -> None:
    before = arm.boot_id("pi3-b")
    done = arm.ansible("pi3-b", "-m", "ansible.builtin.reboot")
    assert done.returncode == 0, done.stdout
    assert arm.boot_id("pi3-b") != before


@pytest.fixture(scope="module")
def found(arm: VirtualLab) -> dict[str, str]:
    """The state of both boards before anything of ours came near them."""
    return {name: arm.output(name, STATE) for name in NAMES}


@pytest.fixture(scope="module")
def provisioned(arm: VirtualLab, found: dict[str, str]) -> VirtualLab:
    """The boards once provisioned, after a dry run that must leave them alone."""
    dry = playbook(arm, "provision", "--check")
    assert dry.returncode == 0, dry.stdout
    assert all(changes(dry).values()), "a dry run says what would change"
    for name in NAMES:
        assert arm.output(name, f"ls {ROOT} 2>/dev/null || true") == ""
        assert arm.output(name, STATE) == found[name]
    done = playbook(arm, "provision")
    assert done.returncode == 0, done.stdout
    assert min(changes(done).values()) > 0
    return arm


def test_a_second_provisioning_changes_nothing(provisioned: VirtualLab) -> None:
    again = playbook(provisioned, "provision")
    assert again.returncode == 0, again.stdout
    assert changes(again) == dict.fromkeys(NAMES, 0), changed_tasks(again)


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_boards_of_a_kind_are_the_same(provisioned: VirtualLab, backend: str) -> None:
    first, second = (fingerprint(provisioned, name, backend) for name in NAMES)
    assert first == second


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> linear_digits.Artifacts:
    """One trained model as .onnx and as .tflite."""
    return linear_digits.write(tmp_path_factory.mktemp("linear_digits"))


@pytest.mark.parametrize("backend", FORMS)
def test_a_real_cell_gives_the_models_answers(
    provisioned: VirtualLab, artifacts: linear_digits.Artifacts, backend: str
) -> None:
    python = interpreter(provisioned, "pi3-a", backend)
    spec = artifacts.spec("pi3-a", "raspberry_pi_3", FORMS[backend], "/root/cell-files", python)
    spec["protocol"]["deadline_s"] = CELL_S
    record, classes = run_cell(provisioned, "pi3-a", artifacts.directory, spec, EMULATED_S)
    provisioning.require_right_answers(record, classes, artifacts)


@pytest.fixture(scope="module")
def too_new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose lock has been taken to the release of ONNX Runtime that these cores cannot run."""
    folder = tmp_path_factory.mktemp("too-new")
    for path in REPOSITORY.iterdir():
        if path.name not in {"locks", ".git"}:
            (folder / path.name).symlink_to(path)
    shutil.copytree(REPOSITORY / "locks", folder / "locks")
    requirements = folder / "locks" / PLATFORM / "onnxruntime.in"
    requirements.write_text("pip\nnumpy<2.4\nonnxruntime==1.21.0\n")
    command = [sys.executable, "-m", "locks.update", f"{PLATFORM}/onnxruntime"]
    subprocess.run(command, cwd=folder, check=True, timeout=EMULATED_S)
    return folder


def test_a_wheel_that_is_too_new_for_the_core_is_refused_and_its_cell_is_a_row(
    provisioned: VirtualLab, artifacts: linear_digits.Artifacts, too_new: Path
) -> None:
    locks = (
        "-e",
        f"backend_environment_locks_dir={too_new / 'locks'}",
        "-e",
        f"wheelhouse_checkout={too_new}",
    )
    refused = playbook(provisioned, "provision", "--limit", "pi3-a,localhost", *locks)
    assert refused.returncode != 0
    assert "illegal instruction" in refused.stdout
    unsealed = provisioned.output("pi3-a", f"ls -d {ROOT}/envs/onnxruntime-*").split()
    path = next(one for one in unsealed if Path(one).name not in environments(provisioned, "pi3-a"))
    spec = artifacts.spec("pi3-a", "raspberry_pi_3", "onnx", "/root/cell-files", f"{path}/bin/python")
    spec["protocol"]["deadline_s"] = CELL_S
    record, _ = run_cell(provisioned, "pi3-a", artifacts.directory, spec, EMULATED_S)
    assert (record["outcome"], record["signal"]) == ("crashed", "SIGILL"), record["outcome_detail"]
    assert "illegal instruction" in record["outcome_detail"]
    assert record["n_completed"] == 0


def test_a_model_larger_than_the_boards_memory_is_killed_by_its_kernel(
    provisioned: VirtualLab, tmp_path: Path
) -> None:
    before = provisioned.boot_id("pi3-a")
    total_kb = int(provisioned.output("pi3-a", "awk '/^MemTotal/ {print $2}' /proc/meminfo"))
    assert total_kb < 1 << 20
    python = interpreter(provisioned, "pi3-a", "onnxruntime")
    spec = hoarder.spec(tmp_path, "pi3-a", "raspberry_pi_3", "/root/cell-files", python)
    spec["protocol"]["deadline_s"] = CELL_S
    record, _ = run_cell(provisioned, "pi3-a", tmp_path, spec, EMULATED_S)
    assert (record["outcome"], record["signal"]) == ("oom_killed", "SIGKILL"), record["outcome_detail"]
    assert "kernel log" in record["outcome_detail"]
    assert provisioned.boot_id("pi3-a") == before


def test_a_clock_stepped_by_an_hour_changes_no_measured_time(provisioned: VirtualLab, tmp_path: Path) -> None:
    controller = Controller(tmp_path / "controller", provisioned.inventory)
    (controller.folder / ".edgebench" / "wheelhouse").symlink_to(REPOSITORY / ".edgebench" / "wheelhouse")
    controller.write_sleeper(sleep_s=1.0, inferences=30, repeats=1, deadline_s=CELL_S)
    sweep = controller.start("stepped")
    sweep.wait_for(r"^pi3-a +cell 1/1 ", SWEEP_S)
    provisioned.output_within(
        "pi3-a",
        f"until find {ROOT}/cells -name inferences.bin | grep -q .; do sleep 0.5; done",
        EMULATED_S,
    )
    provisioned.output("pi3-a", f"date -s @$(( $(date +%s) + {HOUR_S} ))")
    assert abs(int(provisioned.output("pi3-a", "date +%s")) - time.time() - HOUR_S) < SSH_TIMEOUT_S
    text = sweep.end(SWEEP_S)
    assert controller.outcomes("stepped") == {name: ["ok"] for name in NAMES}, text
    stepped, steady = (
        controller.record("stepped", f"{name}/digits_cnn.fp32.sleeper.warm.r1") for name in NAMES
    )
    assert stepped is not None
    assert steady is not None
    start, end = stepped["clock"][0], stepped["clock"][-1]
    monotonic_s = (end["monotonic_ns"] - start["monotonic_ns"]) / 1e9
    realtime_s = (end["realtime_ns"] - start["realtime_ns"]) / 1e9
    assert realtime_s - monotonic_s == pytest.approx(HOUR_S, abs=60)
    assert monotonic_s < HOUR_S / 2
    assert "clock_moved" in json.dumps(stepped["validity"])
    assert "clock_moved" not in json.dumps(steady["validity"])


def test_restore_puts_both_boards_back(provisioned: VirtualLab, found: dict[str, str]) -> None:
    assert any(provisioned.output(name, STATE) != found[name] for name in NAMES), "nothing to restore"
    done = playbook(provisioned, "restore")
    assert done.returncode == 0, done.stdout
    assert {name: provisioned.output(name, STATE) for name in NAMES} == found

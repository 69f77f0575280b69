"""Emulated boards: the core, the kernel, the clock and the memory are the board's own. `make test-arm`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import SSH_TIMEOUT_S, VirtualLab
from sweeps import Controller

pytestmark = pytest.mark.arm

HOUR_S = 3600
EMULATED_S = 600.0
ILLEGAL_INSTRUCTION = 128 + 4
KILLED = 128 + 9
NUMPY = "numpy==1.26.4"


@pytest.fixture(scope="module")
def arm(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLab]:
    """A Raspberry Pi 3 with its gigabyte, and a Raspberry Pi 5 whose core knows the newer instructions."""
    boards = [
        {"name": name, "kind": kind, "machine": "emulated", "release": "bookworm", "memory_mb": memory_mb}
        for name, kind, memory_mb in (("pi3", "raspberry_pi_3", 1024), ("pi5", "raspberry_pi_5", 2048))
    ]
    made = VirtualLab("arm", "10.213.82.0/24", tmp_path_factory.mktemp("arm"), boards)
    made.playbook("-e", "state=absent")  # of a session that was killed
    made.playbook()
    yield made
    made.playbook("-e", "state=absent")


def run(arm: VirtualLab, board: str, command: str) -> subprocess.CompletedProcess[str]:
    return arm.ssh_with_input(board, command, "", EMULATED_S)


def unpack(arm: VirtualLab, folder: Path, board: str, *requirements: str) -> str:
    """Bring wheels of the real boards to one; return the folder on the board that imports find them in."""
    platforms = [
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "manylinux_2_27_aarch64",
        "manylinux_2_28_aarch64",
    ]
    options = [word for platform in platforms for word in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", "3.11", *options, "--dest", str(folder), *requirements]
    subprocess.run(command, check=True, timeout=EMULATED_S)
    target = f"/root/{folder.name}"
    for wheel in folder.glob("*.whl"):
        copied = arm.ansible(
            board, "-m", "ansible.builtin.copy", "-a", f"src={wheel} dest={target}/ mode=0644"
        )
        assert copied.returncode == 0, copied.stdout
    arm.output_within(
        board, f"cd {target} && for wheel in *.whl; do python3 -m zipfile -e $wheel .; done", EMULATED_S
    )
    return target


def test_the_board_is_what_it_says(arm: VirtualLab) -> None:
    assert arm.output("pi3", "uname -m") == "aarch64"
    assert arm.output("pi3", "tr -d '\\0' < /proc/device-tree/model") == "Raspberry Pi 3 Model B Rev 1.2"
    assert arm.output("pi3", "grep -m1 'CPU part' /proc/cpuinfo").endswith("0xd03")  # Cortex-A53
    assert arm.output("pi5", "grep -m1 'CPU part' /proc/cpuinfo").endswith("0xd0b")  # Cortex-A76


def test_hardware_is_the_labs(arm: VirtualLab) -> None:
    arm.cli("set", "pi3", "temperature_c=71")
    assert arm.output("pi3", "cat /sys/class/thermal/thermal_zone0/temp") == "71000"
    assert arm.output("pi3", "vcgencmd measure_temp") == "temp=71.0'C"


def test_reboot_changes_the_boot_id(arm: VirtualLab) -> None:
    before = arm.boot_id("pi5")
    done = arm.ansible("pi5", "-m", "ansible.builtin.reboot")
    assert done.returncode == 0, done.stdout
    assert arm.boot_id("pi5") != before


def test_a_gigabyte_is_a_gigabyte(arm: VirtualLab) -> None:
    total_kb = int(arm.output("pi3", "awk '/^MemTotal/ {print $2}' /proc/meminfo"))
    assert total_kb < 1 << 20
    done = run(arm, "pi3", 'python3 -c \'x = bytearray(3 << 29); x[:] = b"1" * len(x); print("alive")\'')
    assert done.returncode == KILLED
    assert "alive" not in done.stdout
    assert "Out of memory" in arm.output("pi3", "dmesg")


def test_a_wheel_that_is_too_new_for_the_core_dies_of_an_illegal_instruction(
    arm: VirtualLab, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"
    illegal = unpack(arm, bad, "pi3", "onnxruntime==1.21.0", NUMPY)
    assert (
        run(arm, "pi3", f"PYTHONPATH={illegal} python3 -c 'import onnxruntime'").returncode
        == ILLEGAL_INSTRUCTION
    )
    legal = unpack(arm, good, "pi3", "onnxruntime==1.21.1", NUMPY)
    done = run(
        arm, "pi3", f"PYTHONPATH={legal} python3 -c 'import onnxruntime; print(onnxruntime.__version__)'"
    )
    assert done.stdout.strip() == "1.21.1", done.stderr


def test_a_clock_stepped_by_an_hour_changes_no_measured_time(arm: VirtualLab, tmp_path: Path) -> None:
    controller = Controller(tmp_path / "controller", arm.inventory)
    controller.write_sleeper(sleep_s=1.0, inferences=20, repeats=1)
    sweep = controller.start("stepped")
    sweep.wait_for(r"^pi3 +cell 1/1 ")
    arm.output_within(
        "pi3",
        "until find /var/lib/edgebench/cells -name inferences.bin | grep -q .; do sleep 0.5; done",
        EMULATED_S,
    )
    arm.output("pi3", f"date -s @$(( $(date +%s) + {HOUR_S} ))")
    assert abs(int(arm.output("pi3", "date +%s")) - time.time() - HOUR_S) < SSH_TIMEOUT_S
    text = sweep.end()
    assert controller.outcomes("stepped") == {"pi3": ["ok"], "pi5": ["ok"]}, text
    record = controller.record("stepped", "pi3/digits_cnn.fp32.sleeper.warm.r1")
    assert record is not None
    start, end = record["clock"][0], record["clock"][-1]
    monotonic_s = (end["monotonic_ns"] - start["monotonic_ns"]) / 1e9
    realtime_s = (end["realtime_ns"] - start["realtime_ns"]) / 1e9
    assert realtime_s - monotonic_s == pytest.approx(HOUR_S, abs=60)
    assert monotonic_s < HOUR_S / 2

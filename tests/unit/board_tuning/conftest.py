"""Boards to tune."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_board import FakeBoard


@pytest.fixture
def board(tmp_path: Path) -> FakeBoard:
    """An empty board that has booted once."""
    board = FakeBoard(tmp_path / "board")
    board.put("/proc/sys/kernel/random/boot_id", "boot-1\n")
    return board


@pytest.fixture
def raspberry_pi(board: FakeBoard) -> FakeBoard:
    """A Raspberry Pi with two frequency policies, huge pages, a fan and swap on a file."""
    for policy, (low, high) in {"policy0": (600000, 1500000), "policy4": (700000, 1800000)}.items():
        directory = f"/sys/devices/system/cpu/cpufreq/{policy}"
        board.put(f"{directory}/scaling_governor", "ondemand\n")
        board.put(f"{directory}/scaling_available_governors", "ondemand performance powersave\n")
        board.put(f"{directory}/scaling_min_freq", f"{low}\n")
        board.put(f"{directory}/scaling_max_freq", f"{high}\n")
        board.put(f"{directory}/cpuinfo_min_freq", f"{low}\n")
        board.put(f"{directory}/cpuinfo_max_freq", f"{high}\n")
    board.put("/boot/firmware/config.txt", "arm_boost=1\n[pi4]\ndtoverlay=vc4-kms-v3d")
    board.put("/boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1 rootwait\n")
    board.put("/sys/class/hwmon/hwmon2/name", "pwmfan\n")
    board.put("/sys/class/hwmon/hwmon2/pwm1", "75\n")
    board.put("/sys/class/hwmon/hwmon2/pwm1_enable", "2\n")
    board.put("/sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    return board

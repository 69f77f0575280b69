"""A board made of files, with commands that answer as the real ones do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from board_tuning.errors import TuningError
from board_tuning.system import System


class FakeBoard(System):
    """Files below a directory; commands are functions of their arguments, found by name."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.commands: dict[str, Callable[[list[str]], str]] = {}
        self.calls: list[list[str]] = []

    def put(self, path: str, text: str) -> None:
        """Write a file with its directories."""
        real = Path(self.path(path))
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(text)

    def has(self, command: str) -> bool:
        return command in self.commands

    def run(self, command: list[str], answer: str = "") -> str:
        self.calls.append(command)
        if command[0] not in self.commands:
            raise TuningError(f"{command[0]}: not found")
        return self.commands[command[0]](command[1:])

    def snapshot(self) -> dict[str, str]:
        """Return the content of every file."""
        root = Path(self.root)
        return {
            path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()
        }


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

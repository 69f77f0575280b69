"""Every knob that a board of the virtual lab has is set, lasts through a reboot, and is put back exactly."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from labs import VirtualLab

from board_tuning import package

pytestmark = pytest.mark.lab
TOOL = "/root/board_tuning.pyz"
STATE = "/root/tuning"
# In the board's own words, and not in those of the tool under test.
FOUND = (
    "cd /sys/devices/system/cpu/cpufreq && grep . policy*/scaling_governor policy*/scaling_m??_freq;"
    " cat /proc/swaps; systemctl list-unit-files --no-legend;"
    " find /etc /boot -type f -not -name '*.dpkg-*' | sort | xargs sha256sum;"
    " [ ! -e /usr/bin/nvpmodel ] || nvpmodel -q"
)
CONFIG = "dtparam=audio=on\n[pi4]\narm_boost=1"
COMMAND_LINE = "console=tty1 root=PARTUUID=1 rootwait\n"
WANTED: dict[str, dict[str, Any]] = {
    "pi4-a": {
        "governor": "performance",
        "frequency_limits": {"min": "highest", "max": "highest"},
        "boot_config": ["force_turbo=1", "gpu_mem=16", "dtoverlay=disable-wifi"],
        "kernel_command_line": {"add": ["cgroup_enable=memory", "video=HDMI-A-1:d"]},
        "cpu_affinity": "1",
        "services": ["ssh.socket", "systemd-timesyncd.service", "fstrim.timer", "dpkg-db-backup.timer"],
        "swap": False,
    },
    "orin-a": {"nvpmodel": "25W", "jetson_clocks": True, "cpu_affinity": [1]},
}
ALLOWED = "grep Cpus_allowed_list /proc/{}/status | cut -f2"


def tuning(lab: VirtualLab, board: str, *arguments: str) -> dict[str, Any]:
    """Run the tool on a board; return what it said."""
    quoted = " ".join(f"'{word}'" for word in arguments)
    done = lab.ssh(board, f"python3 {TOOL} {quoted} --json --state {STATE}")
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def found(lab: VirtualLab) -> Iterator[dict[str, str]]:
    """Both boards with the tool and, on the Raspberry Pi, the files of its firmware; their state by board."""
    firmware = f"mkdir -p /boot/firmware && cd /boot/firmware && printf '{CONFIG}' > config.txt"
    lab.output("pi4-a", f"{firmware} && printf '{COMMAND_LINE}' > cmdline.txt")
    packed = base64.b64encode(package.build()).decode()
    for board in WANTED:
        done = lab.ssh_with_input(board, f"base64 -d > {TOOL}", packed, timeout_s=60)
        assert done.returncode == 0, done.stderr
    yield {board: lab.output(board, FOUND) for board in WANTED}
    lab.output("pi4-a", "rm -r /boot/firmware")
    for board in WANTED:
        lab.output(board, f"rm -r {TOOL} {STATE}")


@pytest.mark.parametrize("board", WANTED)
def test_knobs_are_set_last_and_are_put_back(lab: VirtualLab, found: dict[str, str], board: str) -> None:
    wanted = json.dumps(WANTED[board])
    assert tuning(lab, board, "tune", "--check", "--wanted", wanted)["changed"]
    assert lab.output(board, FOUND) == found[board]
    first = tuning(lab, board, "tune", "--wanted", wanted)
    assert first["reboot_needed"]
    assert {one["status"] for one in first["knobs"]} <= {"changed", "unchanged"}, first["knobs"]
    assert not tuning(lab, board, "tune", "--wanted", wanted)["changed"]
    tuned = lab.output(board, FOUND)
    assert tuned != found[board]

    lab.reboot(board)
    lab.output(board, "systemctl is-system-running --wait || true")
    assert lab.output(board, FOUND) == tuned
    assert lab.output(board, ALLOWED.format(1)) == lab.output(board, ALLOWED.format("self")) == "0"

    tuning(lab, board, "reset")
    assert lab.output(board, FOUND) == found[board]
    assert not tuning(lab, board, "reset")["changed"]
    lab.reboot(board)
    assert lab.output(board, ALLOWED.format(1)) == "0-1"

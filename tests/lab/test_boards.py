"""The lab's boards behave as hardware does."""

from __future__ import annotations

import json

import pytest
from labs import VirtualLab, wait_until

pytestmark = pytest.mark.lab
BOARDS = ["pi4-a", "orin-a"]


def test_ansible_reaches_every_board_with_host_keys_checked(lab: VirtualLab) -> None:
    done = lab.ansible("boards", "-m", "ping")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("pong") == len(BOARDS)


def test_a_second_run_changes_nothing(lab: VirtualLab) -> None:
    before = [lab.boot_id(name) for name in BOARDS]
    assert "changed=0" in lab.playbook()
    assert [lab.boot_id(name) for name in BOARDS] == before


def test_reboot_changes_the_boot_id_and_nothing_on_the_other_board(lab: VirtualLab) -> None:
    before, other = lab.boot_id("pi4-a"), lab.boot_id("orin-a")
    lab.reboot("pi4-a")
    assert lab.boot_id("pi4-a") != before
    assert lab.boot_id("orin-a") == other


def test_what_was_written_survives_a_reboot_and_run_does_not(lab: VirtualLab) -> None:
    lab.output("pi4-a", "touch /var/lib/kept /run/lost")
    lab.reboot("pi4-a")
    assert lab.output("pi4-a", "ls -d /var/lib/kept /run/lost 2>/dev/null || true") == "/var/lib/kept"


def test_the_kernel_kills_for_memory_inside_the_board_only(lab: VirtualLab) -> None:
    boots = [lab.boot_id(name) for name in BOARDS]
    done = lab.ssh("pi4-a", "exec python3 -c 'x = bytearray(1 << 30); print(\"alive\")'")
    assert done.returncode != 0
    assert "alive" not in done.stdout
    kills = lab.output("pi4-a", "awk '/^oom_kill / {print $2}' /proc/vmstat")
    assert int(kills) >= 1
    assert [lab.boot_id(name) for name in BOARDS] == boots


def test_a_small_allocation_fits(lab: VirtualLab) -> None:
    assert lab.output("pi4-a", "python3 -c 'x = bytearray(256 << 20); print(len(x))'") == str(256 << 20)


def test_power_cut_is_at_once_and_the_board_returns_with_power(lab: VirtualLab) -> None:
    before = lab.boot_id("pi4-a")
    assert lab.power("off", "pi4-a") | {"boots": 0, "exit_status": 0} == {
        "board": "pi4-a",
        "power": "off",
        "running": False,
        "boots": 0,
        "exit_status": 0,
    }
    assert lab.ssh("pi4-a", "true").returncode != 0
    assert lab.power("read", "pi4-a")["power"] == "off"
    assert lab.power("on", "pi4-a")["running"]
    wait_until(lambda: lab.ssh("pi4-a", "true").returncode == 0, 60, "SSH after power on")
    assert lab.boot_id("pi4-a") != before


def test_a_board_that_shut_itself_down_needs_a_power_cycle(lab: VirtualLab) -> None:
    lab.ssh("orin-a", "systemctl poweroff")
    wait_until(lambda: not lab.power("read", "orin-a")["running"], 60, "the board is down")
    assert lab.power("read", "orin-a")["power"] == "on"
    assert not lab.power("on", "orin-a")["running"]
    assert lab.power("cycle", "orin-a")["running"]
    wait_until(lambda: lab.ssh("orin-a", "true").returncode == 0, 60, "SSH after the power cycle")


def test_a_pulled_cable_cuts_the_network_and_not_the_board(lab: VirtualLab) -> None:
    before = lab.boot_id("orin-a")
    lab.cli("cable", "orin-a", "out")
    try:
        assert lab.ssh("orin-a", "true").returncode != 0
    finally:
        lab.cli("cable", "orin-a", "in")
    wait_until(lambda: lab.ssh("orin-a", "true").returncode == 0, 60, "SSH after the cable is back")
    assert lab.boot_id("orin-a") == before


def test_a_killed_supervisor_takes_its_board_down_and_the_playbook_brings_it_back(lab: VirtualLab) -> None:
    before = lab.boot_id("pi4-a")
    lab.kill_supervisor("pi4-a")
    wait_until(lambda: lab.ssh("pi4-a", "true").returncode != 0, 30, "the board is gone")
    assert json.loads(lab.cli("up").stdout)["changes"] == ["pi4-a: supervisor"]
    assert lab.boot_id("pi4-a") != before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["power", "read", "pi9"], "'pi9' is not in the lab; its boards are: pi4-a, orin-a"),
        (["set", "pi4-a", "heat=3"], "expected KEY=VALUE, with KEY one of temperature_c"),
        (["set", "pi4-a", "temperature_c=hot"], "temperature_c: found 'hot'"),
    ],
)
def test_a_wrong_word_is_one_clear_error(lab: VirtualLab, command: list[str], message: str) -> None:
    done = lab.cli(*command, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr

"""One sweep over eight boards, seven of which suffer a different fault in the middle of their second cell."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from labs import VirtualLab, board
from sweeps import Controller, Sweep

pytestmark = pytest.mark.lab

NAMES = ("steady", "reboots", "refuses", "cut", "full", "rekeyed", "dark", "dead")
SWEEP = "faults"
CUT_S = 60.0
REFUSAL_S = 60
RECONNECT_S = 120  # a board that comes back within a minute is found, with time to spare on a busy machine
DISK = "/var/lib/edgebench/cells"


def reboot_by_itself(lab: VirtualLab) -> None:
    lab.ssh("reboots", "systemctl reboot --force --force")


def refuse_ssh(lab: VirtualLab) -> None:
    commands = f"systemd-run --on-active={REFUSAL_S} systemctl start ssh; systemctl stop ssh; pkill -x sshd"
    lab.ssh("refuses", f"systemd-run sh -c '{commands}'")


def cut_network(lab: VirtualLab) -> None:
    lab.cli("cable", "cut", "out")
    threading.Timer(CUT_S, lambda: lab.cli("cable", "cut", "in")).start()


def fill_disk(lab: VirtualLab) -> None:
    lab.ssh("full", f"dd if=/dev/zero of={DISK}/fill bs=64k")


def change_host_key(lab: VirtualLab) -> None:
    key = "/etc/ssh/ssh_host_ed25519_key"
    lab.ssh(
        "rekeyed", f"rm {key} && ssh-keygen -q -t ed25519 -N '' -f {key} && systemctl reboot --force --force"
    )


def cut_power(lab: VirtualLab) -> None:
    lab.power("off", "dark")


def destroy(lab: VirtualLab) -> None:
    lab.kill_supervisor("dead")


FAULTS: dict[str, Callable[[VirtualLab], None]] = {
    "reboots": reboot_by_itself,
    "refuses": refuse_ssh,
    "cut": cut_network,
    "full": fill_disk,
    "rekeyed": change_host_key,
    "dark": cut_power,
    "dead": destroy,
}


@dataclass(frozen=True)
class Disturbed:
    """A sweep that has been through the faults, and one that took it up afterwards."""

    controller: Controller
    first: dict[str, list[str]]
    kept: dict[str, str]
    resumed: dict[str, list[str]]

    def detail(self, name: str) -> str:
        """What the records of a board say, in one text."""
        records = sorted((self.controller.folder / "first" / "cells" / name).glob("*/c*.json"))
        return " ".join(path.read_text() for path in records)


@pytest.fixture(scope="module")
def disturbed(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    folder = tmp_path_factory.mktemp("faults")
    boards = [board(name, "generic_linux", 256) for name in NAMES]
    lab = VirtualLab("fault", "10.213.79.0/24", folder, boards)
    lab.playbook("-e", "state=absent")
    lab.playbook()
    lab.output("full", f"mkdir -p {DISK} && mount -t tmpfs -o size=4m tmpfs {DISK}")
    try:
        yield run_disturbed(lab, Controller(folder / "controller", lab.inventory))
    finally:
        lab.playbook("-e", "state=absent")


def run_disturbed(lab: VirtualLab, controller: Controller) -> Disturbed:
    controller.write_sleeper(sleep_s=1.0, inferences=15, repeats=3)
    sweep = controller.start(SWEEP, "-e", json.dumps({"edgebench_reconnect_s": RECONNECT_S}))
    injectors = [threading.Thread(target=inject, args=(sweep, lab, name)) for name in FAULTS]
    for injector in injectors:
        injector.start()
    sweep.end()
    for injector in injectors:
        injector.join()
    first, kept = controller.outcomes(SWEEP), controller.completed(SWEEP)
    shutil.copytree(controller.folder / "results" / SWEEP, controller.folder / "first")
    lab.ssh("full", f"rm -f {DISK}/fill")
    lab.playbook()  # mends what a person would: the dead board is plugged in, the new host key accepted
    controller.start(SWEEP).end()
    return Disturbed(controller, first, kept, controller.outcomes(SWEEP))


def inject(sweep: Sweep, lab: VirtualLab, name: str) -> None:
    sweep.wait_for(rf"^{name} +cell 2/3 ")
    lab.output(name, f"until find {DISK} -name inferences.bin | grep -q .; do sleep 0.2; done; sleep 3")
    FAULTS[name](lab)


def test_a_board_without_a_fault_is_untouched_by_those_of_others(disturbed: Disturbed) -> None:
    assert disturbed.first["steady"] == ["ok"] * 3


def test_a_network_that_is_cut_for_a_minute_costs_nothing(disturbed: Disturbed) -> None:
    assert disturbed.first["cut"] == ["ok"] * 3


def test_a_refused_connection_is_picked_up_again(disturbed: Disturbed) -> None:
    assert disturbed.first["refuses"] == ["ok"] * 3
    assert '"connection lost' in disturbed.detail("refuses")
    assert '"reconnected"' in disturbed.detail("refuses")


def test_a_board_that_rebooted_by_itself_measures_the_cell_again(disturbed: Disturbed) -> None:
    assert disturbed.first["reboots"] == ["ok"] * 3
    assert '"attempt-1"' in disturbed.detail("reboots")  # what the first boot measured is kept


def test_a_board_that_hangs_comes_back_with_one_power_cycle(disturbed: Disturbed) -> None:
    assert disturbed.first["dark"] == ["ok"] * 3
    assert disturbed.detail("dark").count('"power cycled"') == 1


def test_a_full_disk_costs_the_cell_and_not_the_board(disturbed: Disturbed) -> None:
    assert sorted(disturbed.first["full"]) == ["infrastructure", "infrastructure", "ok"]
    assert "No space left on device" in disturbed.detail("full")


def test_a_changed_host_key_is_never_accepted(disturbed: Disturbed) -> None:
    assert sorted(disturbed.first["rekeyed"]) == ["board_lost", "not_run", "ok"]
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in disturbed.detail("rekeyed")


def test_a_board_that_never_comes_back_is_lost_for_this_sweep(disturbed: Disturbed) -> None:
    assert sorted(disturbed.first["dead"]) == ["board_lost", "not_run", "ok"]


def test_the_next_sweep_completes_the_rest_and_keeps_what_was_measured(disturbed: Disturbed) -> None:
    assert disturbed.resumed == {name: ["ok"] * 3 for name in NAMES}
    kept_now = disturbed.controller.completed(SWEEP)
    assert disturbed.kept == {path: kept_now[path] for path in disturbed.kept}

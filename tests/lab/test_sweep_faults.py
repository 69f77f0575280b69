"""One sweep over nine boards, eight of which suffer a different fault in the middle of their second cell."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from labs import VirtualLab, board
from sweeps import Controller, Sweep

pytestmark = pytest.mark.lab

NAMES = ("steady", "reboots", "refuses", "cut", "full", "rekeyed", "dark", "dead", "frozen")
SWEEP = "faults"
CUT_S = 60.0
REFUSAL_S = 120
CELL_DEADLINE_S = 30  # the service that carries a cell has two minutes more
# How long a board is waited for: with time to spare on a busy machine where it comes back, else not needlessly.
RECONNECT_S = dict.fromkeys(NAMES, 240) | {"rekeyed": 30, "dark": 60, "dead": 30}
DISK = "/var/lib/edgebench/cells"
SHOW_SERVICE = "systemctl show --property=Id,Transient,RuntimeMaxUSec 'edgebench-*.service'"


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


def freeze_runner(lab: VirtualLab) -> None:
    lab.ssh("frozen", "pkill -STOP -f '^[^ ]*python3 -m edgebench_runner run '")


FAULTS: dict[str, Callable[[VirtualLab], None]] = {
    "reboots": reboot_by_itself,
    "refuses": refuse_ssh,
    "cut": cut_network,
    "full": fill_disk,
    "rekeyed": change_host_key,
    "dark": cut_power,
    "dead": destroy,
    "frozen": freeze_runner,
}


@dataclass(frozen=True)
class Disturbed:
    """A sweep that has been through the faults, and one that took it up afterwards."""

    controller: Controller
    first: dict[str, list[str]]
    kept: dict[str, str]
    resumed: dict[str, list[str]]
    service: str

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
    for name, seconds in RECONNECT_S.items():
        variables = lab.inventory / "host_vars" / f"{name}.yml"
        variables.parent.mkdir(exist_ok=True)
        variables.write_text(f"edgebench_reconnect_s: {seconds}\n")
    lab.output("full", f"mkdir -p {DISK} && mount -t tmpfs -o size=4m tmpfs {DISK}")
    try:
        yield run_disturbed(lab, Controller(folder / "controller", lab.inventory))
    finally:
        lab.playbook("-e", "state=absent")


def run_disturbed(lab: VirtualLab, controller: Controller) -> Disturbed:
    controller.write_sleeper(sleep_s=1.0, inferences=15, repeats=3, deadline_s=CELL_DEADLINE_S)
    sweep = controller.start(SWEEP)
    injectors = [threading.Thread(target=inject, args=(sweep, lab, name)) for name in FAULTS]
    for injector in injectors:
        injector.start()
    sweep.wait_for(r"^steady +cell 2/3 ")
    service = lab.output("steady", f"until {SHOW_SERVICE} | grep .; do sleep 0.2; done")
    sweep.end()
    for injector in injectors:
        injector.join()
    first, kept = controller.outcomes(SWEEP), controller.completed(SWEEP)
    shutil.copytree(controller.folder / "results" / SWEEP, controller.folder / "first")
    lab.ssh("full", f"rm -f {DISK}/fill")
    lab.playbook()  # mends what a person would: the dead board is plugged in, the new host key accepted
    controller.start(SWEEP).end()
    return Disturbed(controller, first, kept, controller.outcomes(SWEEP), service)


def inject(sweep: Sweep, lab: VirtualLab, name: str) -> None:
    sweep.wait_for(rf"^{name} +cell 2/3 ")
    lab.output(name, f"until find {DISK} -name inferences.bin | grep -q .; do sleep 0.2; done; sleep 3")
    FAULTS[name](lab)


def test_a_board_without_a_fault_is_untouched_by_those_of_others(disturbed: Disturbed) -> None:
    assert disturbed.first["steady"] == ["ok"] * 3


def test_a_cell_is_carried_by_a_transient_service_with_a_deadline(disturbed: Disturbed) -> None:
    assert "Id=edgebench-steady-" in disturbed.service
    assert "Transient=yes" in disturbed.service
    assert "RuntimeMaxUSec=2min 30s" in disturbed.service


def test_a_runner_that_sleeps_through_its_deadline_is_ended_with_its_service(disturbed: Disturbed) -> None:
    assert sorted(disturbed.first["frozen"]) == ["infrastructure", "ok", "ok"]
    assert "the runner died" in disturbed.detail("frozen")


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

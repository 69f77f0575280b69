"""A container is booted as the controller, and its timer fires: it sweeps a board of the lab over SSH."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from labs import REPOSITORY, VirtualLab, board, wait_until
from sweeps import SLEEPER

pytestmark = pytest.mark.lab

CONTROLLER, BOARD = "night", "pi"
CELLS, INFERENCES = 2, 8
DATA = REPOSITORY / ".edgebench" / "nightly"
INVENTORY = "/root/inventory"
WHEELS = "linux-x86_64-cp311"
PYTHON = f"{REPOSITORY}/.venv/bin/python"
SERVICE, TIMER, CRONTAB = (
    "edgebench-nightly.service",
    "edgebench-nightly.timer",
    "/etc/cron.d/edgebench-nightly",
)
NOTICE_S = 20  # the least time ahead that the timer is set for
SWEEP_S = 600.0


class Night:
    """The controller in its container, seen over SSH."""

    def __init__(self, lab: VirtualLab) -> None:
        self.lab = lab

    def output(self, command: str, timeout_s: float = SWEEP_S) -> str:
        """Run a command in the checkout that must succeed; return what it printed."""
        done = self.lab.ssh_with_input(CONTROLLER, f"cd {REPOSITORY} && {command}", "", timeout_s)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def schedule(self, **variables: Any) -> str:
        """Run playbooks/nightly.yml; return what it printed."""
        extra = {"nightly_inventory": INVENTORY, "nightly_profile": "sleeper", **variables}
        playbook = f"{REPOSITORY}/.venv/bin/ansible-playbook playbooks/nightly.yml"
        return self.output(f"ANSIBLE_STDOUT_CALLBACK=default {playbook} -e {shlex.quote(json.dumps(extra))}")

    def property(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.output(f"systemctl show --property={name} --value {unit}")

    def sweeps(self) -> list[str]:
        """Ids of the sweeps so far."""
        return self.output("find results -mindepth 1 -maxdepth 1 -type d -printf '%f\\n' | sort").split()

    def run(self, deadline_h: float) -> str:
        """Run a night by hand; return its exit status and what it said last."""
        command = f"{PYTHON} -m controller nightly --inventory {INVENTORY} --profile sleeper"
        return self.output(
            f"{command} --deadline-h {deadline_h} > /root/said 2>&1; echo $? >> /root/said; tail -4 /root/said"
        )

    def verdict(self, sweep: str) -> dict[str, Any]:
        """What the records of a sweep say."""
        found: dict[str, Any] = json.loads(self.output(f"cat results/{sweep}/report/verdict.json"))
        return found


@pytest.fixture(scope="module")
def night(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    prefix = [] if sys.base_prefix == "/usr" else [sys.base_prefix]
    shares = {"shares": [str(REPOSITORY), *prefix]}
    boards = [board(CONTROLLER, "generic_linux", 1024) | shares, board(BOARD, "generic_linux", 256)]
    lab = VirtualLab("night", "10.213.83.0/24", tmp_path_factory.mktemp("night"), boards)
    lab.playbook("-e", "state=absent")  # of a session that was killed
    fill = [
        sys.executable,
        "-m",
        "locks.wheelhouse",
        f"{WHEELS}/null",
        "--into",
        f".edgebench/wheelhouse/{WHEELS}",
    ]
    subprocess.run(
        fill, cwd=REPOSITORY, check=True, capture_output=True
    )  # there it has no way to the internet
    try:
        lab.playbook()
        bring(lab)
        yield Night(lab)
    finally:
        lab.playbook("-e", "state=absent")


def bring(lab: VirtualLab) -> None:
    """Bring the inventory of the board, and a profile, to the controller; what the checkout measured stays outside."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(lab.inventory, "inventory")
    profile = SLEEPER.format(
        sleep_s=0.5, inferences=INFERENCES, repeats=CELLS, deadline_s=120, isolation="process"
    )
    command = (
        f"base64 -d | tar -C /root -x && cd {REPOSITORY} && rm -rf results .edgebench/nightly .edgebench/locks"
        f" && mkdir -p results && echo {shlex.quote(profile)} > profiles/sleeper.yml"
        f" && sed -i '/^ *{CONTROLLER}:/,/off_pattern/d' {INVENTORY}/hosts.yml"
    )
    done = lab.ssh_with_input(CONTROLLER, command, base64.b64encode(packed.getvalue()).decode(), 60)
    assert done.returncode == 0, done.stderr


def next_minute() -> datetime:
    """The next full minute that is not too near."""
    return (datetime.now(UTC) + timedelta(seconds=NOTICE_S + 60)).replace(second=0, microsecond=0)


def test_the_timer_fires_and_the_sweep_runs_alone_and_is_kept(night: Night) -> None:
    at = next_minute()
    assert re.search(r"localhost .*changed=[1-9].*failed=0", night.schedule(nightly_time=f"{at:%H:%M}"))
    assert "changed=0" in night.schedule(nightly_time=f"{at:%H:%M}")
    assert night.property(TIMER, "UnitFileState") == "enabled"
    assert night.sweeps() == []

    wait_until(lambda: night.property(SERVICE, "ActiveState") == "activating", 120, "the timer fires")
    assert datetime.now(UTC) >= at
    assert night.run(deadline_h=1).endswith("75")  # a second one, while the first runs
    wait_until(lambda: night.property(SERVICE, "ActiveState") == "inactive", SWEEP_S, "the night ends")
    log = night.output(f"journalctl --no-pager -u {SERVICE}")
    assert night.property(SERVICE, "ExecMainStatus") == "0", log
    (sweep,) = night.sweeps()
    verdict = night.verdict(sweep)
    assert (verdict["verdict"], verdict["missing"]) == ("green", []), log
    assert f"{sweep} successful, verdict green" in log
    assert night.output(f"ls results/{sweep}/cells/{BOARD} | wc -l") == str(CELLS)
    assert "== Measure" in night.output(f"cat {DATA}/artifacts/{sweep}/stdout")


def test_a_night_is_ended_at_its_deadline_and_reported_all_the_same(night: Night) -> None:
    before = night.sweeps()
    night.output("sed -i 's/sleep_s: 0.5/sleep_s: 30/' profiles/sleeper.yml")
    try:
        said = night.run(deadline_h=45 / 3600)
    finally:
        night.output("sed -i 's/sleep_s: 30/sleep_s: 0.5/' profiles/sleeper.yml")
    (sweep,) = set(night.sweeps()) - set(before)
    assert said.endswith("\n1")
    assert f"{sweep} timeout, verdict red" in said
    assert night.output(f"ls results/{sweep}/report/index.html")
    assert night.output(f"pgrep -f '[a]nsible-playbook.*{sweep}' || true") == ""


def test_without_systemd_the_same_command_is_in_a_crontab(night: Night) -> None:
    night.lab.reboot(BOARD)  # the lease of the night before ends with it
    before = night.sweeps()
    assert "changed=1" in night.schedule(nightly_scheduler="cron", nightly_time="03:07")
    (line,) = night.output(f"grep -v '^#' {CRONTAB}").splitlines()
    minute, hour, *every, user, command = line.split(maxsplit=6)
    assert (minute, hour, every, user) == ("7", "3", ["*", "*", "*"], "root")
    assert "%" not in command  # which cron takes for the end of a line
    # As cron runs it: its environment, its shell, its directory.
    night.output(
        f"cd / && env -i HOME=/root LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin sh -c {shlex.quote(command)}"
    )
    (sweep,) = set(night.sweeps()) - set(before)
    assert night.verdict(sweep)["verdict"] == "green"
    assert "changed=1" in night.schedule(nightly_scheduler="cron", nightly_state="absent")
    assert "changed=0" in night.schedule(nightly_scheduler="cron", nightly_state="absent")


def test_what_was_scheduled_is_removed(night: Night) -> None:
    night.schedule(nightly_state="absent")
    assert night.output("systemctl list-timers --all | grep -c edgebench || true") == "0"
    assert "changed=0" in night.schedule(nightly_state="absent")

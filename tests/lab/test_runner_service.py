"""The runner on a board of the lab: its service outlives the connection that began it, and lets the board cool."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from labs import REPOSITORY, VirtualLab, wait_until

from edgebench_runner import resources

sys.path.append(str(REPOSITORY / "tests/unit/runner"))
from runner_factory import null_spec

pytestmark = pytest.mark.lab
BOARD, FOLDER = "pi4-a", "/root/service"
RUNNER = f"python3 {FOLDER}/runner.pyz"
UNITS = "systemctl list-units --plain --no-legend 'edgebench-*.service'"
INFERENCES = 20


@pytest.fixture(scope="module")
def ready(lab: VirtualLab) -> Iterator[VirtualLab]:
    packed = base64.b64encode(resources.build()).decode()
    done = lab.ssh_with_input(BOARD, f"mkdir {FOLDER} && base64 -d > {FOLDER}/runner.pyz", packed, 60)
    assert done.returncode == 0, done.stderr
    yield lab
    lab.output(BOARD, f"rm -r {FOLDER}")


def command(lab: VirtualLab, name: str, sleep_s: float, **changes: Any) -> str:
    """Write a cell's spec on the board; return the command that runs it, or waits for it."""
    spec = null_spec(
        cell_id=f"{BOARD}/none.fp32.null.warm.r1",
        board=BOARD,
        options={"sleep_s": sleep_s},
        protocol={"warmup": 0, "inferences": INFERENCES, "deadline_s": 60},
        environment={"name": "null", "python": "/usr/bin/python3", "lock_sha256": None},
        simulated=["board"],
        **changes,
    )
    lab.output(BOARD, f"echo {shlex.quote(json.dumps(spec))} > {FOLDER}/{name}.json")
    return f"{RUNNER} run {FOLDER}/{name}.json --out {FOLDER}/{name} --detach"


def record(lab: VirtualLab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.output(BOARD, f"cat {FOLDER}/{name}/cell.json"))
    return found


def test_a_dropped_connection_is_picked_up_where_the_service_goes_on(ready: VirtualLab) -> None:
    run = command(ready, "dropped", sleep_s=0.5)
    keys = ready.inventory / ".ssh"
    options = ["-o", f"UserKnownHostsFile={keys / 'known_hosts'}", "-i", str(keys / "id_ed25519")]
    first = subprocess.Popen(
        ["ssh", *options, f"root@{ready.address(BOARD)}", run],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: "running" in ready.output(BOARD, UNITS), 60, "the service of the cell")
    unit = ready.output(BOARD, UNITS).split()[0]
    shown = ready.output(BOARD, f"systemctl show --property=Transient,RuntimeMaxUSec,OOMPolicy {unit}")
    assert set(shown.split("\n")) == {"Transient=yes", "RuntimeMaxUSec=3min", "OOMPolicy=continue"}
    first.kill()
    first.wait()
    ready.output(
        BOARD, "pkill -f '[r]un .*dropped.json .*--detach'"
    )  # what waited for the connection goes, too
    assert "running" in ready.output(BOARD, UNITS)

    head = json.loads(ready.output(BOARD, run))
    assert (head["outcome"], head["n_completed"]) == ("ok", INFERENCES)
    assert record(ready, "dropped")["previous_attempts"] == []
    assert ready.output(BOARD, UNITS) == ""
    assert json.loads(ready.output(BOARD, run)) == head  # complete: told, not measured again


@pytest.mark.parametrize(("temperature_c", "status"), [(45, "cool"), (80, "warm")])
def test_a_board_that_does_not_cool_is_measured_warm_and_says_so(
    ready: VirtualLab, temperature_c: int, status: str
) -> None:
    ready.cli("set", BOARD, f"temperature_c={temperature_c}", "cooling_tau_s=0")
    cooldown = {"method": "reference", "reference_c": 45.0, "within_c": 3.0, "deadline_s": 5.0}
    try:
        head = json.loads(ready.output(BOARD, command(ready, status, sleep_s=0.01, cooldown=cooldown)))
    finally:
        ready.cli("set", BOARD, "temperature_c=45")
    assert head["outcome"] == "ok"
    assert record(ready, status)["cooldown"]["status"] == status
    assert ("started_warm" in head["validity"]["reasons"]) == (status == "warm")

"""The service that carries a detached cell."""

import sys

import pytest
from runner_factory import null_spec

from edgebench_runner import attach, launcher, resources
from edgebench_runner.spec import complete


@pytest.mark.parametrize(("version", "continues"), [(237, False), (243, True), (257, True)])
def test_runner_outlives_a_worker_that_is_killed_for_memory(monkeypatch, version, continues):
    monkeypatch.setattr(launcher, "systemd_version", lambda: version)
    command = launcher.command(complete(null_spec()), "spec.json", "/results/cell")
    assert ("--property=OOMPolicy=continue" in command) == continues


def test_service_runs_this_runner_on_this_cell_for_a_bounded_time(monkeypatch):
    monkeypatch.setattr(launcher, "systemd_version", lambda: 252)
    spec = complete(null_spec(cooldown={"method": "reference", "deadline_s": 300}))
    spec["protocol"].update(deadline_s=100, idle_before_s=5, idle_after_s=5, sync_pulses=[1.0, 2.0, 3.0])
    command = launcher.command(spec, "/spec.json", "/results/cell")
    assert command[:1] == ["systemd-run"]
    assert {"--wait", "--collect"} <= set(command)
    assert "--property=RuntimeMaxSec=542" in command
    assert "--setenv=PYTHONPATH=" + resources.root() in command
    assert command[-7:] == [
        sys.executable,
        "-m",
        "edgebench_runner",
        "run",
        "/spec.json",
        "--out",
        "/results/cell",
    ]


def test_two_cells_have_two_units(monkeypatch):
    monkeypatch.setattr(launcher, "systemd_version", lambda: 252)
    units = {launcher.command(complete(null_spec()), "s", directory)[1] for directory in ("/a", "/b")}
    assert len(units) == 2
    assert all(unit.startswith("--unit=edgebench-local-none-fp32-null-warm-r1-") for unit in units)


def test_service_that_cannot_be_started_is_not_taken_for_a_runner_that_died(monkeypatch, tmp_path):
    refuses = [sys.executable, "-c", "raise SystemExit(7)"]
    monkeypatch.setattr(launcher, "command", lambda *_: refuses)
    with pytest.raises(attach.CellDiedError, match="systemd-run: exit status 7"):
        attach.run_in_service(complete(null_spec()), "spec.json", str(tmp_path))

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller import preflight as module
from controller.errors import InputError
from controller.preflight import Planned, preflight
from tests.unit.controller.controller_factory import ROOT, a_catalogue, a_host


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are offered without asking the packages, which takes seconds."""
    monkeypatch.setattr(module, "ask_all", lambda root: a_catalogue())


def plan(results: Path, hosts: dict[str, Any] | None = None, **changes: Any) -> Planned:
    arguments = {"profile_name": "quick", "sweep_id": None, "scale": None, **changes}
    return preflight(
        ROOT,
        hosts={"pi": a_host()} if hosts is None else hosts,
        inventory_file="inventory/lab",
        results_root=results,
        **arguments,
    )


def problems_of(results: Path, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        plan(results, **changes)
    return [(problem.file, problem.key) for problem in caught.value.problems]


def test_a_plan_touches_nothing(tmp_path: Path) -> None:
    planned = plan(tmp_path / "results")
    assert not planned.resumed
    assert len(planned.manifest["cells"]) == 8
    assert list(tmp_path.iterdir()) == []


def test_mistakes_in_every_file_are_said_at_once(tmp_path: Path) -> None:
    hosts = {"pi": a_host(edgebench_kind="pi4")}
    found = problems_of(tmp_path, hosts=hosts, profile_name="quik", sweep_id="My Sweep", scale=2.0)
    assert sorted(found) == [
        ("command line", "scale"),
        ("command line", "sweep_id"),
        ("inventory/lab", "pi.edgebench_kind"),
        ("profiles/", "profile"),
    ]


def test_results_that_only_the_boards_are_told_of_are_refused(tmp_path: Path) -> None:
    hosts = {"pi": a_host(edgebench_results="/srv/results")}
    assert problems_of(tmp_path, hosts=hosts) == [("inventory/lab", "pi.edgebench_results")]
    assert not plan(tmp_path, hosts={"pi": a_host(edgebench_results=str(tmp_path))}).resumed


def test_a_scale_is_recorded(tmp_path: Path) -> None:
    assert plan(tmp_path, scale=0.5).manifest["scale"] == 0.5


def begun(results: Path) -> Planned:
    planned = plan(results, sweep_id="night-1")
    planned.results.begin(planned.manifest)
    return planned


@pytest.mark.parametrize("sweep_id", ["night-1", "latest"])
def test_a_sweep_that_exists_is_resumed_with_its_own_plan(tmp_path: Path, sweep_id: str) -> None:
    first = begun(tmp_path)
    again = plan(tmp_path, sweep_id=sweep_id)
    assert again.resumed
    assert again.manifest == first.manifest
    assert again.results.path.name == "night-1"
    again.results.point_latest()
    assert (tmp_path / "latest").readlink() == Path("night-1")


def test_there_is_no_latest_before_the_first_sweep(tmp_path: Path) -> None:
    assert problems_of(tmp_path, sweep_id="latest") == [("command line", "sweep_id")]


def test_a_sweep_goes_on_only_as_it_began(tmp_path: Path) -> None:
    first = begun(tmp_path)
    manifest = str(tmp_path / "night-1" / "manifest.json")
    assert problems_of(tmp_path, sweep_id="night-1", scale=0.5) == [("profiles/quick.yml", "scale")]
    other_kind = {"pi": a_host(edgebench_kind="raspberry_pi_4")}
    assert problems_of(tmp_path, sweep_id="night-1", hosts=other_kind) == [(manifest, "boards.pi.kind")]
    first.results.begin({**first.manifest, "profile_name": "smoke"})
    assert problems_of(tmp_path, sweep_id="night-1") == [(manifest, "profile")]

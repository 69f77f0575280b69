"""The controller dies, or there are two of them: nothing measured is lost, and no board is shared."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from labs import VirtualLab, board
from sweeps import Controller

pytestmark = pytest.mark.lab

CELLS = 4
KILLED_CELLS = 12  # more than the killed sweeps can measure between them
MOMENTS = [
    "^== Validate",
    "^== Provision",
    "^== Deploy",
    "^== Measure",
    r"cell \d+/12  digits_cnn",
    r"cell \d+/12  ok",
    r"cell \d+/12  digits_cnn",
    r"cell \d+/12  ok",
    r"cell \d+/12  digits_cnn",
    "^== Report",
]
"""What the sweep prints just before it is killed; each time the next one takes it up."""


@pytest.fixture(scope="module")
def farm(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLab]:
    made = VirtualLab(
        "farm",
        "10.213.81.0/24",
        tmp_path_factory.mktemp("farm"),
        [board("only", "generic_linux", 256)],
    )
    made.playbook("-e", "state=absent")  # of a session that was killed
    made.playbook()
    yield made
    made.playbook("-e", "state=absent")


def controller(
    farm: VirtualLab, tmp_path_factory: pytest.TempPathFactory, sleep_s: float, cells: int = CELLS
) -> Controller:
    made = Controller(tmp_path_factory.mktemp("controller") / "checkout", farm.inventory)
    made.write_sleeper(sleep_s=sleep_s, inferences=8, repeats=cells)
    return made


def test_a_board_is_rebooted_before_each_cell_and_its_boot_id_proves_it(
    farm: VirtualLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = controller(farm, tmp_path_factory, sleep_s=0.1)
    here.write_sleeper(sleep_s=0.1, inferences=2, repeats=2, isolation="reboot")
    boots = [farm.boot_id("only")]
    text = here.start("rebooted").end()
    assert here.outcomes("rebooted") == {"only": ["ok"] * 2}, text
    cells = here.folder / "results" / "rebooted" / "cells" / "only"
    reboots = [json.loads(path.read_text())["reboot"] for path in cells.glob("*/controller.json")]
    proofs = {one["boot_id_before"]: one["boot_id_after"] for one in reboots}
    while boots[-1] in proofs:
        boots.append(proofs[boots[-1]])
    assert len(boots) == 3, proofs
    assert boots[-1] == farm.boot_id("only")


def test_a_controller_killed_at_ten_moments_loses_no_completed_cell(
    farm: VirtualLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = controller(farm, tmp_path_factory, sleep_s=0.5, cells=KILLED_CELLS)
    completed: dict[str, str] = {}
    for moment in MOMENTS:
        sweep = here.start("killed")
        sweep.wait_for(moment)
        sweep.kill()
        now = here.completed("killed")
        assert completed == {path: now.get(path) for path in completed}, f"lost at {moment!r}"
        completed = now
    text = here.start("killed").end()
    assert here.outcomes("killed") == {"only": ["ok"] * KILLED_CELLS}, text
    now = here.completed("killed")
    assert completed == {path: now[path] for path in completed}


def test_a_second_sweep_on_the_same_controller_is_refused_and_names_the_first(
    farm: VirtualLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = controller(farm, tmp_path_factory, sleep_s=2.0)
    first = here.start("first")
    first.wait_for("cell 1/")
    second = here.start("second")
    said = second.end()
    assert second.process.returncode != 0
    assert "only is held by sweep first" in said
    first.end()
    assert here.outcomes("first") == {"only": ["ok"] * CELLS}


def test_a_second_controller_is_refused_by_the_board_and_told_the_holder(
    farm: VirtualLab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = controller(farm, tmp_path_factory, sleep_s=5.0)
    there = controller(farm, tmp_path_factory, sleep_s=0.1)
    first = here.start("mine")
    first.wait_for("cell 1/")
    said = there.start("theirs").end()
    assert first.process.poll() is None, "the first sweep must still be running, or nothing was shown"
    assert there.outcomes("theirs") == {"only": ["not_run"] * CELLS}, said
    assert "mine" in said
    first.end()
    assert here.outcomes("mine") == {"only": ["ok"] * CELLS}

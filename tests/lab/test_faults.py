"""Faults of workers, artifacts, meters and the controller's disk, in sweeps over two boards of which one never notices.

Faults of boards are in `test_sweep_faults.py`, of controllers in `test_controllers.py`; `docs/faults.md` lists all.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fault_injection import damage_model, fill, garble_transfers
from fault_scene import Scene

pytestmark = pytest.mark.lab

BOARDS = ("faulty", "steady")
MISHAPS = """
schema: edgebench/profile/1
description: Cells that sleep, one that never ends, and one with a model.
models: [digits_cnn]
variants: [fp32]
backends:
  first: {runtime: "null", sleep_s: 0.5}
  segfault: {runtime: "null", sleep_s: 0.5}
  illegal: {runtime: "null", sleep_s: 0.5}
  memory: {runtime: "null", sleep_s: 1}
  unplugged: {runtime: "null", sleep_s: 0.5}
  silent: {runtime: "null", sleep_s: 0.5}
  damaged: {runtime: "null", sleep_s: 0.5, kinds: [raspberry_pi_3]}
  garbled: {runtime: "null", sleep_s: 0.5, kinds: [raspberry_pi_3]}
  hang: {runtime: "null", burn_s: 600, kinds: [raspberry_pi_3]}
  model: {runtime: onnxruntime, threads: 1, kinds: [raspberry_pi_3]}
  last: {runtime: "null", sleep_s: 0.5}
modes:
  warm: {warmup: 0, inferences: 20}
repeats: 1
isolation: process
order: {shuffle: false}
cooldown: {method: none}
power: {idle_before_s: 0, idle_after_s: 0}
deadline_s: 40
"""
MISHAPS_ARGUMENTS = ("-e", "profile=mishaps", "-e", "model_zoo_weights=seeded")
ENDS = [
    ("first", "ok", None),
    ("segfault", "crashed", "SIGSEGV"),
    ("illegal", "crashed", "SIGILL"),
    ("memory", "oom_killed", "SIGKILL"),
    ("unplugged", "ok", None),
    ("silent", "ok", None),
    ("damaged", "ok", None),
    ("garbled", "infrastructure", None),
    ("hang", "timeout", "SIGKILL"),
    ("model", "load_failed", None),
    ("last", "ok", None),
]


def on_both(outcomes: list[str]) -> dict[str, list[str]]:
    return dict.fromkeys(BOARDS, outcomes)


@pytest.fixture(scope="module")
def scene(needs_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("mishaps"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def mishaps(scene: Scene) -> str:
    """What a sweep printed in which every cell of the faulty board but the first and the last meets a fault."""
    (scene.controller.folder / "profiles" / "mishaps.yml").write_text(MISHAPS)
    sweep = scene.controller.start("mishaps", *MISHAPS_ARGUMENTS)
    cells = {backend: scene.cell("mishaps", "faulty", backend) for backend, _, _ in ENDS}
    sweep.wait_for(r"^faulty +cell 1/11 ")
    damage_model(scene.lab, "faulty")
    for backend, number in (("segfault", signal.SIGSEGV), ("illegal", signal.SIGILL)):
        cells[backend].wait_for_rows(3)
        cells[backend].kill_worker(number)
    cells["memory"].wait_for_rows(3)
    cells["memory"].exhaust_memory()
    for backend, disturb, mend in (
        ("unplugged", scene.meter.unplug, scene.meter.plug),
        ("silent", scene.meter.silence, scene.meter.speak),
    ):
        cells[backend].wait_for_rows(3)
        disturb()
        cells[backend].wait_for_rows(14)
        mend()
    for backend, times in (("damaged", 1), ("garbled", 2)):
        cells[backend].wait_for_rows(3)
        garble_transfers(scene.lab, "faulty", times)
    return sweep.end()


def record(scene: Scene, backend: str) -> dict[str, Any]:
    found = scene.controller.record("mishaps", scene.cell("mishaps", "faulty", backend).id)
    assert found is not None
    return found


@pytest.mark.parametrize(("backend", "outcome", "by"), ENDS)
def test_every_cell_ends_as_one_row(
    scene: Scene, mishaps: str, backend: str, outcome: str, by: str | None
) -> None:
    found = record(scene, backend)
    assert (found["outcome"], found.get("signal")) == (outcome, by), found["outcome_detail"]


@pytest.mark.parametrize("backend", ["segfault", "illegal", "memory"])
def test_what_a_dead_worker_had_measured_is_kept(scene: Scene, mishaps: str, backend: str) -> None:
    assert 3 <= record(scene, backend)["n_completed"] < 20
    assert "inferences.bin" in record(scene, backend)["files"]


def test_an_illegal_instruction_is_called_one(scene: Scene, mishaps: str) -> None:
    assert "illegal instruction" in record(scene, "illegal")["outcome_detail"]


@pytest.mark.parametrize("backend", ["unplugged", "silent"])
def test_energy_that_the_meter_did_not_see_is_unknown_with_its_reason(
    scene: Scene, mishaps: str, backend: str
) -> None:
    cells = pd.read_parquet(scene.results("mishaps") / "cells.parquet").set_index("cell_id")
    row = cells.loc[scene.cell("mishaps", "faulty", backend).id]
    assert row["energy_status"] == "unknown"
    assert "the meter was heard for" in row["energy_reason"]
    assert pd.isna(row["energy_j_per_inference"])


def test_the_meter_is_heard_again_once_it_is_back(scene: Scene, mishaps: str) -> None:
    cells = pd.read_parquet(scene.results("mishaps") / "cells.parquet").set_index("cell_id")
    for backend in ("first", "last"):
        assert cells.loc[scene.cell("mishaps", "faulty", backend).id, "energy_j_per_inference"] > 0


def test_a_sweep_with_dead_workers_ends_red_with_its_report(scene: Scene, mishaps: str) -> None:
    report = scene.results("mishaps") / "report"
    verdict = json.loads((report / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["missing"]) == ("red", [])
    assert (report / "index.html").exists()
    assert "Traceback" not in mishaps


def test_the_neighbour_of_dead_workers_is_untouched(scene: Scene, mishaps: str) -> None:
    assert scene.controller.outcomes("mishaps")["steady"] == ["ok"] * 7


def test_a_transfer_that_was_damaged_once_is_made_again(scene: Scene, mishaps: str) -> None:
    path = scene.results("mishaps") / "cells" / scene.cell("mishaps", "faulty", "damaged").id
    events = [attempt["event"] for attempt in json.loads((path / "controller.json").read_text())["attempts"]]
    assert sum(event.startswith("damaged in transfer") for event in events) == 1
    assert events.count("fetched") == 2


def test_a_cell_whose_transfer_was_damaged_twice_waits_on_its_board_for_the_resume(
    scene: Scene, mishaps: str
) -> None:
    assert "damaged in transfer twice" in record(scene, "garbled")["outcome_detail"]
    kept = scene.completed("mishaps")
    again = scene.controller.start("mishaps", *MISHAPS_ARGUMENTS)
    printed = again.end()
    found = record(scene, "garbled")
    assert (found["outcome"], found["n_completed"]) == ("ok", 20), printed
    assert datetime.fromisoformat(found["ended_utc"]) < again.started
    assert scene.completed("mishaps").items() >= kept.items()


def test_boards_measure_on_without_their_controller_and_nothing_is_measured_twice(scene: Scene) -> None:
    scene.controller.write_sleeper(sleep_s=0.5, inferences=30, repeats=1)
    sweep = scene.controller.start("killed")
    sweep.wait_for("^== Measure")
    cells = [scene.cell("killed", name, "sleeper") for name in BOARDS]
    for cell in cells:
        cell.wait_for_rows(3)
    sweep.kill()
    killed = datetime.now(UTC)
    for cell in cells:
        cell.wait_for_rows(30)
    printed = scene.controller.start("killed").end()
    assert scene.controller.outcomes("killed") == on_both(["ok"]), printed
    for cell in cells:
        found = scene.controller.record("killed", cell.id)
        assert found is not None
        started, ended = (datetime.fromisoformat(found[key]) for key in ("started_utc", "ended_utc"))
        assert started < killed < ended
        assert found["previous_attempts"] == []


@pytest.fixture
def small_disk(scene: Scene) -> Iterator[Path]:
    """A small file system where the results of the sweep `full` go."""
    disk = scene.results("full")
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_on_the_controller_loses_nothing(scene: Scene, small_disk: Path) -> None:
    scene.controller.write_sleeper(sleep_s=0.5, inferences=20, repeats=2)
    sweep = scene.controller.start("full")
    for name in BOARDS:
        sweep.wait_for(rf"^{name} +cell 1/2 +ok")
    fill(small_disk / "fill")
    printed = sweep.end()
    assert sweep.process.returncode != 0
    assert re.search(rf"cannot write to {small_disk}: .*No space left on device", printed)
    assert "Traceback" not in printed
    kept = scene.completed("full")
    (small_disk / "fill").unlink()
    again = scene.controller.start("full")
    printed = again.end()
    assert again.process.returncode == 0, printed
    assert (small_disk / "report" / "index.html").exists()
    assert scene.controller.outcomes("full") == on_both(["ok"] * 2)
    assert scene.completed("full").items() >= kept.items()
    assert len({path for path in kept if path.endswith("/cell.json")}) == len(BOARDS)

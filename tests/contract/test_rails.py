"""A meter that is wired in a board, from the inventory to the joules: the board records it, the analysis reads it."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema
import pytest

from analysis.ingest import ingest
from analysis.report.meters import meter_facts
from analysis.store import load_cells
from analysis.sweep import load_sweep
from controller import inventory, profile
from controller.catalogues import Catalogues, ask_all
from controller.plan import make_manifest
from controller.records import controller_record
from controller.results import Results
from controller.spec import BoardSetup, build
from edgebench_runner import plugins
from tests.contract.test_manifest import packed
from tests.unit.controller.controller_factory import a_host

ROOT = Path(__file__).resolve().parents[2]
TRACE = json.loads((ROOT / "schemas" / "power_trace.json").read_text())
VOLTS, AMPERES = 5.0, 1.2


@pytest.fixture(scope="module")
def catalogues() -> Catalogues:
    return ask_all(ROOT)


def test_the_board_reads_what_the_drivers_say_a_board_can(catalogues: Catalogues) -> None:
    by_kernel = {
        name for name, driver in catalogues.drivers.items() if driver["transport"] in inventory.READ_BY_KERNEL
    }
    assert set(plugins.names("meters")) == by_kernel
    assert {name for name, driver in catalogues.drivers.items() if driver["on_board"]} <= by_kernel


def test_rails_of_a_board_become_joules_without_a_clock_offset(
    tmp_path: Path, catalogues: Catalogues
) -> None:
    sensor = tmp_path / "hwmon3"
    sensor.mkdir()
    for name, text in (("in1_label", "VDD_IN"), ("in1_input", f"{VOLTS * 1e3:.0f}")):
        (sensor / name).write_text(text)
    meter = {"driver": "ina3221", "scope": "module_input", "port": str(sensor)}
    board = a_host(edgebench_meter="rails", edgebench_meters={"rails": meter})
    assert inventory.check({"nano": board}, "inventory", catalogues) == []
    chosen = profile.load(ROOT, "quick", catalogues)
    chosen["power"] |= {"idle_before_s": 1.5, "idle_after_s": 1.5}
    chosen["modes"] = {"warm": {"warmup": 1, "inferences": 40}}
    chosen["backends"] = {"null": {"sleep_s": 0.1}}
    manifest = make_manifest("rails", "quick", chosen, {"nano": board}, catalogues, ROOT)
    results = Results(tmp_path / "results" / "rails")
    results.begin(manifest)
    cell = manifest["cells"][0]
    setup = BoardSetup(
        root=str(tmp_path),
        python=sys.executable,
        can_reboot=False,
        simulated=False,
        metered=False,
        meter_simulated=False,
        environments={"null": {"name": "null", "python": sys.executable, "lock_sha256": "0" * 64}},
        gate={},
        board_meter={"name": "rails", **manifest["meters"]["rails"]},
    )
    (tmp_path / "spec.json").write_text(
        json.dumps(build(cell, manifest, {"artifacts": [], "datasets": []}, setup))
    )

    ended = threading.Event()
    changing = threading.Thread(target=_change, args=(sensor / "curr1_input", ended))
    changing.start()
    command = [sys.executable, "-m", "edgebench_runner", "run", "spec.json", "--out", "cell"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    ended.set()
    changing.join()
    assert done.returncode == 0, done.stderr
    results.commit(cell["cell_id"], packed(tmp_path / "cell"), controller_record(cell["cell_id"], []))

    sweep = load_sweep(results.path)
    own = sweep.root / "cells" / cell["cell_id"] / "power"
    jsonschema.validate(json.loads((own / "meter.json").read_text()), TRACE)
    for line in (own / "events.jsonl").read_text().splitlines():
        jsonschema.validate(json.loads(line), {**TRACE["$defs"]["event"], "$defs": TRACE["$defs"]})
    assert ingest(sweep)["set_aside"] == []
    cells, _ = load_cells(sweep)
    row = cells.set_index("cell_id").loc[cell["cell_id"]]
    assert (row.meter, row.meter_scope, row.clock_method) == ("rails", "module_input", "same_machine")
    assert row.energy_status == "degraded"  # of seconds, where a minute is asked for
    assert row.power_mean_w == pytest.approx(VOLTS * AMPERES, rel=0.02)
    assert row.energy_j_per_inference == pytest.approx(VOLTS * AMPERES * row.measured_s / 40, rel=0.02)
    assert meter_facts(sweep, "rails", cells)["its cost on the board"].endswith("% of a core")


def _change(file: Path, ended: threading.Event) -> None:
    """Write a current that is never twice the same, as a sensor's noise is: equal samples are one reading."""
    step = 0
    while True:
        new = file.with_suffix(".new")
        new.write_text(f"{AMPERES * 1e3 + step % 10 - 4.5:.0f}")
        new.replace(file)
        step += 1
        if ended.wait(0.04):
            return

"""What the analysis writes is what its schemas say, and a distributed engine reads it as the analysis does."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

from analysis.cli import main
from analysis.columns import CELLS
from analysis.ingest import ingest
from analysis.lake.archive import archive
from analysis.lake.history import nightly
from analysis.lake.summary import SERIES, summarise_lake
from analysis.output import records
from analysis.report.build import build_report
from analysis.store import load_cells
from analysis.sweep import Sweep, load_sweep
from tests.unit.analysis.analysis_factory import Lab

ROOT = Path(__file__).parents[2]


def schema(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.json").read_text())
    return content


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    boards = {
        name: {"kind": "raspberry_pi_4", "meter": None, "simulated": False} for name in ("pi-a", "pi-b")
    }
    lab = Lab(
        tmp_path / "lab",
        boards=boards,
        models=("digits_cnn", "resnet50"),
        backends=("onnxruntime",),
        outcomes={"pi-a/resnet50.fp32.onnxruntime.cold.r1": "oom_killed"},
        missing={"pi-b/digits_cnn.fp32.onnxruntime.warm.r2"},
    )
    return load_sweep(lab.write())


def test_cells_and_ingest_hold_their_schemas(sweep: Sweep) -> None:
    path = sweep.root / "cells/pi-a/digits_cnn.fp32.onnxruntime.cold.r1/cell.json"
    path.write_text(path.read_text().replace("cell_record/1", "cell_record/0"))
    ingest(sweep)
    cells, set_aside = load_cells(sweep)
    rows = records(cells)
    validator = jsonschema.Draft202012Validator(schema("cells"))
    assert [error.message for row in rows for error in validator.iter_errors(row)] == []
    assert list(schema("cells")["properties"]) == list(CELLS)
    summary = json.loads((sweep.root / "ingest.json").read_text())
    jsonschema.validate(summary, schema("ingest"))
    assert summary["set_aside"] == set_aside
    assert len(set_aside) == 1
    broken = [
        {**rows[0], "inference_ms_mean": -1.0},
        {**rows[0], "top1": 1.2},
        {**rows[0], "outcome": "fine"},
    ]
    assert all(list(validator.iter_errors(row)) for row in broken)


def test_torn_inferences_are_made_anew(sweep: Sweep) -> None:
    ingest(sweep)
    before = pd.read_parquet(sweep.inferences)
    path = sweep.inferences / "board=pi-b" / "part-0.parquet"
    path.write_bytes(path.read_bytes()[:-80])
    cells, set_aside = load_cells(sweep)
    assert "inferences/board=pi-b/part-0.parquet: cannot be read; made anew from the raw records" in set_aside
    pd.testing.assert_frame_equal(pd.read_parquet(sweep.inferences), before)
    assert "made anew" in build_report(sweep, cells, set_aside).read_text()


def test_a_torn_file_of_the_lake_is_set_aside_and_the_rest_summarised(
    sweep: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    archive(sweep, lake, "2026-11-20")
    whole, nights = summarise_lake(lake), nightly(lake)
    for kind in ("inference", "rollup"):
        path = lake / kind / "night=2026-11-20" / "board=pi-b" / "part-0.parquet"
        path.write_bytes(path.read_bytes()[:-80])
    pd.testing.assert_frame_equal(summarise_lake(lake), whole[whole.board == "pi-a"])
    pd.testing.assert_frame_equal(nightly(lake), nights[nights.board == "pi-a"].reset_index(drop=True))
    for verb in ("summary", "history"):
        assert main([verb, str(lake)]) == 0
        assert "board=pi-b/part-0.parquet: cannot be read" in capsys.readouterr().err


def test_dask_gives_the_same_figures(sweep: Sweep, tmp_path: Path) -> None:
    """Two worker processes, two nights, two boards; the example of docs/analysis.md, run as it is written there."""
    if find_spec("dask") is None and not os.environ.get("CI"):
        pytest.skip("no Dask in this environment; make dev-env brings it")
    lake = tmp_path / "lake"
    archive(sweep, lake, "2026-11-20")
    again = load_sweep(Lab(tmp_path / "b", sweep_id="b", seed=7, boards=sweep.manifest["boards"]).write())
    archive(again, lake, "2026-11-21")
    command = [sys.executable, str(ROOT / "examples" / "lake_on_dask.py"), str(lake)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    ours = summarise_lake(lake).sort_values(["board", *SERIES], ignore_index=True)
    theirs = pd.read_csv(StringIO(result.stdout))
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)

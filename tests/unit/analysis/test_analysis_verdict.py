import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from analysis.cli import main
from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.sweep import Sweep, load_sweep
from analysis.verdict import judge

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "verdict.json").read_text())


def verdict_of(sweep: Sweep) -> dict[str, object]:
    ingest(sweep)
    verdict = judge(sweep.sweep_id, *load_cells(sweep))
    jsonschema.validate(verdict, SCHEMA)
    return verdict


def test_a_whole_sweep_is_green_and_names_its_cautions(good_results: Path) -> None:
    verdict = verdict_of(load_sweep(good_results))
    assert verdict["verdict"] == "green"
    assert verdict["cautions"] == ["12 cells suspect: temperature_unknown (12)"]
    assert verdict["simulated"] is True


@pytest.mark.parametrize("outcome", ["oom_killed", "crashed", "load_failed", "board_lost", "infrastructure"])
def test_a_failed_cell_is_red(small_lab: Callable[..., Sweep], outcome: str) -> None:
    verdict = verdict_of(small_lab(outcomes={"local/digits_cnn.fp32.onnxruntime.warm.r1": outcome}))
    assert verdict["verdict"] == "red"
    assert verdict["reasons"] == [f"1 cell ended {outcome}: the worker ended: {outcome} (1)"]


def test_a_missing_cell_is_red_and_named(small_lab: Callable[..., Sweep]) -> None:
    missing = "local/digits_cnn.fp32.onnxruntime.warm.r2"
    verdict = verdict_of(small_lab(missing={missing}))
    assert (verdict["verdict"], verdict["missing"]) == ("red", [missing])


def test_a_verdict_says_why_nothing_was_measured(results: Path) -> None:
    for number, path in enumerate(sorted((results / "cells").rglob("cell.json"))):
        record = json.loads(path.read_text())
        detail = (
            "local: held by ada@lab2\n  " + "for a long time " * 40 if number < 6 else f"lost at {number}"
        )
        path.write_text(json.dumps({**record, "outcome": "not_run", "outcome_detail": detail}))
    (reason,) = verdict_of(load_sweep(results))["reasons"]
    assert reason.startswith("36 cells of 36 not measured: local: held by ada@lab2 for a long time ")
    assert reason.endswith("[...] (6), lost at 10 (1), lost at 11 (1), 28 more")
    assert len(reason) < 400


def test_an_invalid_cell_is_red(results: Path) -> None:
    path = results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json"
    record = json.loads(path.read_text())
    record["validity"] = {"verdict": "invalid", "reasons": ["throttled"]}
    path.write_text(json.dumps(record))
    assert verdict_of(load_sweep(results))["reasons"] == ["1 cell invalid: throttled (1)"]


def test_no_cells_at_all_is_red(small_lab: Callable[..., Sweep]) -> None:
    assert verdict_of(small_lab(models=()))["verdict"] == "red"


def test_exit_status_says_the_same(
    results: Path, small_lab: Callable[..., Sweep], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verdict", str(results)]) == 0
    assert capsys.readouterr().out.startswith("GREEN")
    red = small_lab(missing={"local/digits_cnn.fp32.onnxruntime.warm.r1"})
    assert main(["verdict", str(red.root)]) == 1
    jsonschema.validate(json.loads((red.report / "verdict.json").read_text()), SCHEMA)


def test_a_directory_that_is_not_there_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verdict", str(tmp_path / "none")]) == 2
    captured = capsys.readouterr()
    assert "no such results directory" in captured.err
    assert captured.err.count("\n") == 1

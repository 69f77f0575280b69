from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.e2e.lab import CHECKOUT, QUICK_ID, Lab, Ran
from tests.first_columns import FIRST_COLUMNS


def rows(ran: Ran, what: str) -> list[dict[str, Any]]:
    table = duckdb.sql(f"select * from read_parquet('{ran.sweep.path}/{what}')")
    return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]


@pytest.fixture(scope="module")
def cells(quick: Ran) -> list[dict[str, Any]]:
    return rows(quick, "cells.parquet")


def test_every_cell_is_measured_and_the_verdict_is_green(quick: Ran) -> None:
    assert quick.code == 0, quick.output
    assert {record["outcome"] for record in quick.sweep.records().values()} == {"ok"}
    assert set(quick.sweep.records()) == {cell["cell_id"] for cell in quick.sweep.manifest["cells"]}
    verdict = quick.sweep.verdict
    assert (verdict["verdict"], verdict["missing"], verdict["outcomes"]) == ("green", [], {"ok": 8})
    assert verdict["simulated"] is True


def test_the_console_says_which_cell_of_how_many_and_where_the_report_is(quick: Ran, lab: Lab) -> None:
    for position in range(1, 9):
        assert f"cell {position}/8" in quick.output
    assert "s left)" in quick.output
    assert json.loads((quick.sweep.path / "fingerprints.json").read_text())["unknown"] == []
    assert f"Report: {quick.sweep.path}/report/index.html" in quick.output


def test_the_manifest_was_written_before_anything_was_measured(quick: Ran) -> None:
    written = (quick.sweep.path / "manifest.json").stat().st_mtime_ns
    for path in quick.sweep.cells().values():
        assert written < min(file.stat().st_mtime_ns for file in path.iterdir())


def test_latest_names_the_sweep_and_a_refused_one_leaves_nothing(quick: Ran) -> None:
    assert quick.latest == Path(QUICK_ID)
    assert not quick.rivals_results.exists()


def test_cells_follow_the_order_of_the_manifest(quick: Ran) -> None:
    by_position = [cell["cell_id"] for cell in quick.sweep.manifest["cells"]]
    starts = [
        json.loads((quick.sweep.cells()[cell] / "controller.json").read_text())["attempts"][0]["started_utc"]
        for cell in by_position
    ]
    assert starts == sorted(starts)


def test_every_file_follows_its_schema(quick: Ran) -> None:
    schemas = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in (CHECKOUT / "schemas").glob("*.json")
    }
    registry: Any = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )

    def follows(name: str, path: Path) -> None:
        Draft202012Validator(schemas[name], registry=registry).validate(json.loads(path.read_text()))

    follows("manifest", quick.sweep.path / "manifest.json")
    follows("verdict", quick.sweep.path / "report" / "verdict.json")
    for cell in quick.sweep.cells().values():
        follows("cell_spec", cell / "spec.json")
        follows("cell_record", cell / "cell.json")
        follows("controller_record", cell / "controller.json")


def test_every_file_has_the_hash_that_its_record_says(quick: Ran) -> None:
    for cell_id, record in quick.sweep.records().items():
        folder = quick.sweep.cells()[cell_id]
        assert {"spec.json", "inferences.bin", "outputs.bin", "telemetry.jsonl"} <= set(record["files"])
        for name, expected in record["files"].items():
            content = (folder / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == expected["sha256"]
            assert len(content) == expected["bytes"]


def test_nothing_is_left_on_the_board_and_no_process_runs(quick: Ran, lab: Lab) -> None:
    assert quick.processes_after == {}
    assert [path for path in (lab.board_root / "cells").rglob("*") if path.is_file()] == []


def test_cells_parquet_has_every_column_and_a_row_for_each_cell(cells: list[dict[str, Any]]) -> None:
    assert len(cells) == 8
    assert set(cells[0]) >= set(FIRST_COLUMNS)
    assert {row["outcome"] for row in cells} == {"ok"}
    assert {row["isolation"] for row in cells} == {"process"}


def test_what_was_measured_is_there_and_what_was_not_is_null(cells: list[dict[str, Any]]) -> None:
    for row in cells:
        assert row["inference_ms_mean"] > 0
        assert row["n"] == {"warm": 200, "cold": 10}[row["mode"]]
        if row["backend"] == "floor":
            assert row["artifact_sha256"] is row["top1"] is row["weights"] is None
        else:
            assert row["top1"] > 0.5
            assert row["weights"] == "trained"
    floor, real = (
        max(row["inference_ms_mean"] for row in cells if row["backend"] == name)
        for name in ("floor", "onnxruntime")
    )
    assert floor < real


def test_energy_from_a_simulated_meter_says_so(cells: list[dict[str, Any]]) -> None:
    for row in cells:
        assert row["simulated"] is True
        assert row["energy_status"] is not None
        assert row["energy_status"] != "ok", "windows of milliseconds are too short for the meter"


def test_every_inference_is_kept(quick: Ran, cells: list[dict[str, Any]]) -> None:
    inferences = rows(quick, "inferences/*/*.parquet")
    assert len(inferences) == 4 * (200 + 5) + 4 * 10
    assert all(row["inference_ms"] >= 0 for row in inferences)


def test_the_report_opens_without_a_network(quick: Ran) -> None:
    page = (quick.sweep.path / "report" / "index.html").read_text(encoding="utf-8")
    outside = re.findall(
        r"""(?:src|href|data|action|poster)\s*=\s*["']?(?:https?:)?//[^"'\s>]+|@import|url\(\s*["']?(?:https?:)?//""",
        page,
    )
    assert outside == []
    referred = re.findall(r"""(?:src|href)\s*=\s*["']([^"'#][^"']*)["']""", page)
    for name in referred:
        assert name.startswith("data:") or (quick.sweep.path / "report" / name).exists(), name


def test_the_trace_was_closed_and_covers_the_sweep(quick: Ran) -> None:
    meter = quick.sweep.path / "power" / "desk"
    assert json.loads((meter / "meter.json").read_text())["simulated"] is True
    assert json.loads((meter / "summary.json").read_text())["frames"] > 0


def test_a_second_sweep_is_refused_at_once_and_told_who_holds_the_board(quick: Ran, lab: Lab) -> None:
    assert quick.rival.returncode == 2
    assert QUICK_ID in quick.rival.stdout
    assert f"{lab.board} is held by sweep" in quick.rival.stdout
    assert re.search(r"process \d+ of \S+@\S+", quick.rival.stdout)
    assert "Traceback" not in quick.rival.stdout + quick.rival.stderr
    assert not (lab.results / "rival").exists()
    assert "Provision" not in quick.rival.stdout

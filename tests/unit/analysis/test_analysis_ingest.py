import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.columns import CELLS
from analysis.errors import InputError
from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.summary import _figures_of_merit
from analysis.sweep import Sweep, load_sweep
from analysis.telemetry import throttled_now

ISSUE_COLUMNS = [
    "sweep_id",
    "board",
    "kind",
    "model",
    "variant",
    "backend",
    "mode",
    "repeat",
    "position",
    "outcome",
    "validity",
    "validity_reasons",
    "isolation",
    "n",
    "first_inference_ms",
    "preprocess_ms_mean",
    "inference_ms_mean",
    "postprocess_ms_mean",
    "inference_ms_std",
    "inference_ms_ste",
    "inference_ms_p50",
    "inference_ms_p90",
    "inference_ms_p99",
    "fps",
    "top1",
    "top5",
    "dataset",
    "weights",
    "power_idle_w",
    "power_mean_w",
    "energy_j_per_inference",
    "energy_status",
    "images_per_joule_correct",
    "simulated",
    "artifact_sha256",
    "fingerprint",
    "boot_id",
    "started_utc",
]

CellMaker = Callable[..., Sweep]


def cells_of(results: Path) -> pd.DataFrame:
    return load_cells(load_sweep(results))[0].set_index("cell_id")


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_columns_come_in_the_promised_order(good_results: Path) -> None:
    frame = pd.read_parquet(good_results / "cells.parquet")
    assert list(frame.columns)[: len(ISSUE_COLUMNS)] == ISSUE_COLUMNS
    assert list(frame.columns) == list(CELLS)
    assert len(frame) == 36


def test_statistics_are_those_of_the_raw_readings(good_results: Path) -> None:
    cell_id = "local/resnet50.fp32.pytorch.warm.r1"
    raw = np.fromfile(good_results / "cells" / cell_id / "inferences.bin", "<i8").reshape(-1, 4)
    row = cells_of(good_results).loc[cell_id]
    inference = (raw[:, 2] - raw[:, 1]) / 1e6
    total = (raw[5:, 3] - raw[5:, 0]) / 1e6
    assert row.n == 30
    assert row.first_inference_ms == pytest.approx(inference[0])
    assert row.inference_ms_mean == pytest.approx(inference[5:].mean())
    assert row.inference_ms_std == pytest.approx(inference[5:].std(ddof=1))
    assert row.inference_ms_ste == pytest.approx(inference[5:].std(ddof=1) / 30**0.5)
    assert row.inference_ms_p50 == pytest.approx(np.median(inference[5:]))
    assert row.fps == pytest.approx(1000 / total.mean())


def test_cold_statistics_leave_out_the_first_inference(good_results: Path) -> None:
    cell_id = "local/resnet50.fp32.pytorch.cold.r1"
    raw = np.fromfile(good_results / "cells" / cell_id / "inferences.bin", "<i8").reshape(-1, 4)
    row = cells_of(good_results).loc[cell_id]
    inference = (raw[:, 2] - raw[:, 1]) / 1e6
    assert (row.n, row.n_statistics) == (10, 9)
    assert row.inference_ms_mean == pytest.approx(inference[1:].mean())
    assert row.inference_ms_ste == pytest.approx(inference[1:].std(ddof=1) / 3)


def test_percentiles_without_support_are_null_with_a_reason(good_results: Path) -> None:
    cells = cells_of(good_results)
    cold = cells.loc["local/resnet50.fp32.pytorch.cold.r1"]
    assert cold[["inference_ms_p50", "inference_ms_p90", "inference_ms_p99"]].isna().all()
    assert cold.percentiles_reason == "n_effective is 9: p50 needs 11, p90 needs 64, p99 needs 662"


def test_accuracy_only_where_weights_and_labels_are_real(good_results: Path) -> None:
    cells = cells_of(good_results)
    real = cells.loc["local/digits_cnn.fp32.onnxruntime.warm.r1"]
    assert (real.top1, real.accuracy_n) == (pytest.approx(0.9), 30)
    invented = cells.loc["local/resnet50.fp32.onnxruntime.warm.r1"]
    assert pd.isna(invented.top1)
    assert invented.accuracy_reason == "weights are seeded random"


def test_energy_is_that_of_the_trace_and_marked(good_results: Path) -> None:
    cells = cells_of(good_results)
    row = cells.loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.power_mean_w == pytest.approx(6.0, abs=0.2)
    assert row.energy_status == "degraded"
    assert "shorter than 60 s" in row.energy_reason
    assert row.simulated_parts == "meter"
    tiny = cells.loc["local/digits_cnn.fp32.onnxruntime.cold.r1"]
    assert tiny.energy_status == "degraded"
    assert "too short" in tiny.energy_reason
    assert pd.isna(tiny.energy_j_per_inference)


def test_figure_of_merit_is_accuracy_times_throughput_over_power(small_lab: CellMaker) -> None:
    sweep = small_lab(modes={"warm": (5, 2000)})
    ingest(sweep)
    row = load_cells(sweep)[0].iloc[0]
    throughput = row.n / row.measured_s
    for share, merit in (("top1", row.images_per_joule_correct), ("top5", row.images_per_joule_correct_top5)):
        assert merit == pytest.approx(row[share] * throughput / row.power_mean_w, rel=1e-9)
        assert merit == pytest.approx(row[share] / row.energy_j_per_inference, rel=1e-6), "the identity"
    assert pd.isna(row.merit_reason)


def test_a_figure_of_merit_that_contradicts_its_energy_is_withheld() -> None:
    row = {"top1": 0.9, "top5": None, "n": 1000, "measured_s": 50.0, "power_mean_w": 5.0}
    agreeing = _figures_of_merit({**row, "energy_j_per_inference": 0.25})
    assert agreeing["images_per_joule_correct"] == pytest.approx(3.6)
    assert agreeing["images_per_joule_correct_top5"] is None
    contradicting = _figures_of_merit({**row, "energy_j_per_inference": 0.26})
    assert contradicting["images_per_joule_correct"] is None
    assert "accuracy / energy per inference 3.46154 1/J" in contradicting["merit_reason"]


def test_inference_records_are_partitioned_by_board(good_results: Path) -> None:
    frame = pd.read_parquet(good_results / "inferences")
    assert set(frame.board) == {"local"}
    assert len(frame) == 18 * 35 + 18 * 10
    assert set(frame.phase) == {"warmup", "measured"}
    assert (frame.groupby("cell_id", observed=True)["index"].min() == 0).all()


def test_missing_cells_become_rows(small_lab: CellMaker) -> None:
    missing = "local/digits_cnn.fp32.onnxruntime.warm.r2"
    sweep = small_lab(missing={missing})
    ingest(sweep)
    row = load_cells(sweep)[0].set_index("cell_id").loc[missing]
    assert row.outcome == "not_run"
    assert pd.isna(row.n)
    assert pd.isna(row.validity)


def test_partial_records_of_a_dead_cell_are_kept(small_lab: CellMaker) -> None:
    died = "local/digits_cnn.fp32.onnxruntime.warm.r1"
    sweep = small_lab(outcomes={died: "oom_killed"})
    ingest(sweep)
    row = load_cells(sweep)[0].set_index("cell_id").loc[died]
    assert (row.outcome, row.n) == ("oom_killed", 12)
    assert row.inference_ms_mean > 0


def test_a_cell_that_the_controller_wrote_has_no_readings(small_lab: CellMaker) -> None:
    lost = "local/digits_cnn.fp32.onnxruntime.warm.r1"
    sweep = small_lab(outcomes={lost: "board_lost"})
    ingest(sweep)
    row = load_cells(sweep)[0].set_index("cell_id").loc[lost]
    assert (row.outcome, row.n) == ("board_lost", 0)
    assert pd.isna(row.inference_ms_mean)


@pytest.mark.parametrize("damage", ["truncate", "remove"])
def test_a_half_fetched_cell_is_set_aside(results: Path, damage: str) -> None:
    path = results / "cells/local/resnet50.fp32.pytorch.warm.r1/inferences.bin"
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.unlink()
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.validity == "invalid"
    assert "files_incomplete" in row.validity_reasons
    assert pd.isna(row.inference_ms_mean)
    assert any("resnet50.fp32.pytorch.warm.r1/inferences.bin" in message for message in summary["set_aside"])


def with_files(cell: Path, **content: bytes) -> None:
    """Write further files of a cell, and name them in its record."""
    record = json.loads((cell / "cell.json").read_text())
    for name, data in content.items():
        (cell / name).parent.mkdir(exist_ok=True)
        (cell / name).write_bytes(data)
        record["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (cell / "cell.json").write_text(json.dumps(record))


def test_a_cell_keeps_what_an_earlier_attempt_left(results: Path) -> None:
    cell_id = "local/mobilenet_v2.fp32.onnxruntime.warm.r1"
    with_files(results / "cells" / cell_id, **{"attempt-1/inferences.bin": bytes(32), "attempt-1/x": b"y"})
    ingest(load_sweep(results))
    row = cells_of(results).loc[cell_id]
    assert row.validity == "valid"
    assert row.n == 30


def test_a_record_leads_to_no_file_outside_of_its_cell(results: Path) -> None:
    cell_id = "local/mobilenet_v2.fp32.onnxruntime.warm.r1"
    with_files(results / "cells" / cell_id, **{"../stolen": b"words"})
    ingest(load_sweep(results))
    assert cells_of(results).loc[cell_id].validity == "invalid"


def test_an_older_schema_is_refused_by_name(results: Path) -> None:
    edit_json(
        results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", schema="edgebench/cell_record/0"
    )
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.outcome == "not_run"
    assert "edgebench/cell_record/0" in row.outcome_detail
    assert len(summary["set_aside"]) == 1


def test_a_record_of_another_cell_is_refused(results: Path) -> None:
    edit_json(
        results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", cell_id="local/other.fp32.x.warm.r1"
    )
    ingest(load_sweep(results))
    assert cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"].outcome == "not_run"


def test_clocks_that_go_back_are_left_out(results: Path) -> None:
    folder = results / "cells/local/resnet50.fp32.pytorch.warm.r1"
    path = folder / "inferences.bin"
    times = np.fromfile(path, "<i8").reshape(-1, 4)
    times[10, 2] = times[10, 1] - 5
    times[20] = -times[20]
    times.tofile(path)
    record = json.loads((folder / "cell.json").read_text())
    del record["files"]["inferences.bin"]
    (folder / "cell.json").write_text(json.dumps(record))
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.n == 28
    assert row.inference_ms_min > 0
    assert (row.validity, row.validity_reasons) == ("suspect", "clock_backwards")
    assert "2 of 35 rows" in summary["set_aside"][0]


def test_inferences_of_several_streams_overlap(small_lab: CellMaker) -> None:
    sweep = small_lab(modes={"throughput": (0, 30)}, repeats=1)
    (folder,) = sweep.root.glob("cells/local/*")
    half_ns = np.array([0, 1, 9, 10]) * 1_000_000
    block = 10**12 + np.arange(15)[:, None] * 10_000_000 + half_ns
    np.concatenate([block, block + 500]).astype("<i8").tofile(folder / "inferences.bin")
    record = json.loads((folder / "cell.json").read_text())
    del record["files"]["inferences.bin"]
    (folder / "cell.json").write_text(json.dumps(record))
    ingest(sweep)
    (row,) = cells_of(sweep.root).itertuples()
    assert (row.n, row.validity_reasons) == (30, "")
    assert row.fps == pytest.approx(200, rel=1e-4)


def test_streams_overlap_without_being_taken_for_a_clock_that_goes_back(small_lab: CellMaker) -> None:
    sweep = small_lab(backends=("one", "four"), modes={"throughput": (5, 40)}, streams={"four": 4}, repeats=1)
    assert ingest(sweep)["set_aside"] == []
    cells = load_cells(sweep)[0].set_index("backend")
    assert list(cells.loc[["one", "four"], "streams"]) == [1, 4]
    assert list(cells.n) == [40, 40]
    times = np.fromfile(sweep.root / "cells" / cells.loc["four", "cell_id"] / "inferences.bin", "<i8")
    measured = times.reshape(-1, 4)[5:]
    span_s = (measured[:, 3].max() - measured[:, 0].min()) / 1e9
    assert cells.loc["four", "fps"] == pytest.approx(40 / span_s)
    assert cells.loc["four", "fps"] / cells.loc["one", "fps"] == pytest.approx(4, rel=0.1)


def test_a_torn_last_row_is_ignored(results: Path) -> None:
    folder = results / "cells/local/resnet50.fp32.pytorch.warm.r1"
    with (folder / "inferences.bin").open("ab") as file:
        file.write(b"torn")
    record = json.loads((folder / "cell.json").read_text())
    del record["files"]["inferences.bin"]
    (folder / "cell.json").write_text(json.dumps(record))
    ingest(load_sweep(results))
    assert cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"].n == 30


def test_a_record_without_validity_is_never_valid(results: Path) -> None:
    edit_json(results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", validity=None)
    ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert (row.validity, row.validity_reasons) == ("invalid", "validity_unknown")


def test_strangers_and_duplicates_are_named(results: Path) -> None:
    (results / "cells/local/leftover.partial").mkdir()
    (results / "cells/local/.digits_cnn.fp32.onnxruntime.cold.r1.attempt1").mkdir()  # a resumed sweep's
    manifest = json.loads((results / "manifest.json").read_text())
    manifest["cells"].append(manifest["cells"][0])
    (results / "manifest.json").write_text(json.dumps(manifest))
    summary = ingest(load_sweep(results))
    assert summary["cells"] == 36
    assert any("leftover.partial" in message for message in summary["set_aside"])
    assert any("more than once" in message for message in summary["set_aside"])
    assert len(summary["set_aside"]) == 2


@pytest.mark.parametrize("name", ["../../../escape", "<script>alert(1)</script>", "Board", ""])
def test_a_hostile_board_name_leads_nowhere(results: Path, name: str) -> None:
    manifest = json.loads((results / "manifest.json").read_text())
    for cell in manifest["cells"][:1]:
        cell |= {"board": name, "cell_id": f"{name}/digits_cnn.fp32.pytorch.warm.r1"}
    (results / "manifest.json").write_text(json.dumps(manifest))
    before = set(results.parent.rglob("*"))
    summary = ingest(load_sweep(results))
    frame = pd.read_parquet(results / "cells.parquet")
    assert frame.loc[frame.board == name, "outcome"].tolist() == ["not_run"]
    assert any(repr(name) in message for message in summary["set_aside"])
    assert {
        path for path in set(results.parent.rglob("*")) - before if "inferences" not in str(path)
    } == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "edgebench/manifest/9"}, "edgebench/manifest/9"),
        ({"cells": {}}, "cells is"),
        ({"cells": [{"cell_id": 3}]}, r"cells\[0\].cell_id is 3"),
    ],
)
def test_a_bad_manifest_is_one_clear_error(results: Path, change: dict[str, object], message: str) -> None:
    edit_json(results / "manifest.json", **change)
    with pytest.raises(InputError, match=message):
        load_sweep(results)


@pytest.mark.parametrize("damage", ["truncated", "garbled", "of an older version", "ingest.json"])
def test_what_ingest_wrote_is_made_anew_where_it_is_no_use(results: Path, damage: str) -> None:
    path, sweep = results / "cells.parquet", load_sweep(results)
    before, set_aside = load_cells(sweep)
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[:500])
    elif damage == "garbled":
        path.write_bytes(content[:100] + bytes(len(content) // 2) + content[100 + len(content) // 2 :])
    elif damage == "of an older version":
        pq.write_table(pq.read_table(path).drop_columns(["top1"]), path)
    else:
        (results / "ingest.json").write_text('{"schema": "edgebench/ing')
    after, messages = load_cells(sweep)
    pd.testing.assert_frame_equal(after, before)
    (said,) = set(messages) - set(set_aside)
    assert said.startswith("ingest.json" if damage == "ingest.json" else "cells.parquet")
    assert said.endswith("made anew from the raw records")
    assert load_cells(sweep)[1] == set_aside


def test_a_truncated_cells_parquet_without_raw_records_is_one_clear_error(results: Path) -> None:
    path = results / "cells.parquet"
    path.write_bytes(path.read_bytes()[:500])
    shutil.rmtree(results / "cells")
    with pytest.raises(InputError, match=r"cells\.parquet: cannot be read; there are no raw records"):
        load_cells(load_sweep(results))


def test_a_trace_that_cannot_be_read_leaves_energy_unknown(results: Path) -> None:
    (results / "power/usb0/meter.json").write_text("{")
    summary = ingest(load_sweep(results))
    assert set(cells_of(results).energy_status) == {"unknown"}
    assert len([message for message in summary["set_aside"] if "power/usb0" in message]) == 1


def test_repeats_without_a_steady_state_are_suspect(small_lab: CellMaker) -> None:
    sweep = small_lab(modes={"warm": (0, 400)}, repeats=3)
    for path in sweep.root.glob("cells/local/*/inferences.bin"):
        times = np.fromfile(path, "<i8").reshape(-1, 4)
        drift = np.linspace(0, 4e6, len(times)).astype(np.int64)
        times[:, 2:] += drift[:, None]
        times += np.concatenate([[0], np.cumsum(drift)[:-1]])[:, None]
        times.tofile(path)
        record = json.loads((path.parent / "cell.json").read_text())
        del record["files"]["inferences.bin"]
        record["validity"] = {"verdict": "valid", "reasons": []}
        (path.parent / "cell.json").write_text(json.dumps(record))
    ingest(sweep)
    assert set(load_cells(sweep)[0].validity_reasons) == {"no_steady_state"}


@pytest.mark.parametrize(
    ("bits", "throttled"), [(0x1, False), (0x50000, False), (0x2, True), (0x50008, True)]
)
def test_a_low_supply_and_what_has_been_are_not_throttling(bits: int, throttled: bool) -> None:
    assert throttled_now({"throttled": bits}) is throttled

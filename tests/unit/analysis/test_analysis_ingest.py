import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.columns import CELLS
from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.summary import _figures_of_merit
from analysis.sweep import Sweep, load_sweep
from analysis.telemetry import throttled_now
from tests.first_columns import FIRST_COLUMNS

CellMaker = Callable[..., Sweep]


def cells_of(results: Path) -> pd.DataFrame:
    return load_cells(load_sweep(results))[0].set_index("cell_id")


def test_columns_come_in_the_promised_order(good_results: Path) -> None:
    frame = pd.read_parquet(good_results / "cells.parquet")
    assert list(frame.columns)[: len(FIRST_COLUMNS)] == FIRST_COLUMNS
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

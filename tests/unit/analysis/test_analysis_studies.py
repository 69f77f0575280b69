"""The published tables, and a study's layout filled by a lab: expectations come from the tables themselves."""

import numpy as np
import pandas as pd
import pytest

from analysis.frame import FRAME, canonical, combined, with_accuracy
from analysis.sources import load_source, load_sources
from analysis.speedup import speedup
from analysis.studies import PUBLISHED, load_study

STUDIES = ["published:gia2023", "published:ameen2023", "published:ni2020"]


def test_every_row_of_the_raw_tables_is_loaded() -> None:
    frame = load_sources(STUDIES)
    assert list(frame.columns) == list(FRAME)
    counts = frame.groupby("source").size().to_dict()
    # ameen2023: 35 times, 25 accuracies, and 5 sparsities which are two accuracies each.
    assert counts == {"published:gia2023": 231, "published:ameen2023": 70, "published:ni2020": 45 + 15}


def test_shares_are_shares_and_names_are_kept() -> None:
    frame = load_source("published:ni2020")
    row = frame[(frame.board == "Intel NCS2") & (frame.model == "EfficientNet B5")].iloc[0]
    assert row.top1 == pytest.approx(0.6365)
    assert pd.isna(row.inference_ms_mean)


@pytest.mark.parametrize("study", ["gia2023", "ni2020"])
def test_a_studys_tables_hold_what_it_printed(study: str) -> None:
    source = {"gia2023": "gia2023_latency.csv", "ni2020": "ni2020_latency_accuracy.csv"}[study]
    printed = pd.read_csv(PUBLISHED / source, dtype={"table": str})
    rows = combined(load_source(f"published:{study}"))
    layouts = {layout.number: layout for layout in load_study(study).TABLES}
    for number, expected in printed.groupby("table"):
        table = layouts[str(number)].build(rows)
        assert len(table) == len(expected), number
        for column in set(table.columns) & {
            "preprocess_ms",
            "inference_ms",
            "postprocess_ms",
            "fps",
            "top1_pct",
            "top5_pct",
        }:
            assert table[column].to_numpy(dtype=float, na_value=np.nan) == pytest.approx(
                expected[column].to_numpy(dtype=float), nan_ok=True
            ), (number, column)
        assert list(table.model) == list(expected.model)


def test_gia2023_table_4_10_is_the_speedup() -> None:
    rows = combined(load_source("published:gia2023"))
    xavier = rows[(rows.board == "Jetson Xavier") & (rows.task == "classification")]
    table = next(layout for layout in load_study("gia2023").TABLES if layout.number == "4.10").build(rows)
    pd.testing.assert_frame_equal(table, speedup(xavier, "CPU"))


def test_ameen2023_tables_hold_what_it_printed() -> None:
    rows = combined(load_source("published:ameen2023"))
    tables = {layout.number: layout.build(rows) for layout in load_study("ameen2023").TABLES}
    printed = pd.read_csv(PUBLISHED / "ameen2023_latency.csv", dtype={"table": str})
    for number, expected in printed.groupby("table"):
        for column in ("first_inference_ms", "mean_ms", "std_ms", "ste_ms"):
            assert list(tables[str(number)][column]) == list(expected[column])
    accuracy = pd.read_csv(PUBLISHED / "ameen2023_accuracy.csv")
    assert sorted(tables["8"].accuracy_pct) == sorted(accuracy.accuracy_pct)
    sparsity = pd.read_csv(PUBLISHED / "ameen2023_sparsity.csv")
    assert list(tables["5"].accuracy_after_pct) == list(sparsity.accuracy_after_pct)
    assert list(tables["5"].accuracy_before_pct) == list(sparsity.accuracy_before_pct)


def tables_of(study: str, rows: list[dict[str, object]]) -> dict[str, pd.DataFrame]:
    """Return a study's tables of one lab, whose rows need only say what matters; a row without a time failed."""
    common = {
        "source": "night",
        "published": False,
        "task": "classification",
        "variant": "fp32",
        "mode": "warm",
    }
    full = [
        {
            **common,
            "outcome": "ok",
            "validity": "valid",
            "board": row.get("kind"),
            "runtime": row.get("backend"),
        }
        | row
        | ({} if "inference_ms_mean" in row or "top1" in row else {"outcome": "oom_killed"})
        for row in rows
    ]
    combined_rows = with_accuracy(combined(canonical(pd.DataFrame(full))))
    return {layout.number: layout.build(combined_rows) for layout in load_study(study).TABLES}


def test_a_partial_lab_fills_the_studys_table_in_its_order_with_gaps() -> None:
    """Two of the models of table 4.2 and one more; one of them was killed."""
    pi = {"kind": "raspberry_pi_4", "backend": "onnxruntime"}
    rows = [
        {**pi, "model": "resnet18", "inference_ms_mean": 200.0},
        {**pi, "model": "my_network", "inference_ms_mean": 5.0},
        {**pi, "model": "alexnet"},
        {**pi, "kind": "raspberry_pi_5", "model": "resnet18", "inference_ms_mean": 60.0},
    ]
    tables = tables_of("gia2023", rows)  # type: ignore[arg-type]
    printed = pd.read_csv(PUBLISHED / "gia2023_latency.csv", dtype={"table": str}).query("table == '4.2'")
    table = tables["4.2"]
    assert list(table.columns) == ["model", "preprocess_ms", "inference_ms", "postprocess_ms", "fps"]
    assert [name.lower() for name in table.model] == [*printed.model.str.lower(), "my_network"]
    times = table.set_index(table.model.str.lower()).inference_ms.astype(float)
    assert times.dropna().to_dict() == pytest.approx({"resnet18": 200.0, "my_network": 5.0})
    assert tables["4.1"].empty
    (other,) = tables["classification, other"].to_dict("records")
    assert (other["device"], other["inference_ms"]) == ("raspberry_pi_5", pytest.approx(60.0))


def test_ni2020_tells_a_labs_accelerators_by_their_labels_and_hosts() -> None:
    coral = {
        "backend": "tflite_edgetpu",
        "runtime": "tflite",
        "model": "mobilenet_v2",
        "inference_ms_mean": 4.0,
    }
    rows = [
        {**coral, "kind": "generic_linux"},
        {**coral, "kind": "jetson_nano", "inference_ms_mean": 5.0},
        {"kind": "jetson_nano", "backend": "pytorch", "model": "alexnet", "inference_ms_mean": 6.0},
        {"kind": "raspberry_pi_3", "backend": "litert", "model": "mobilenet_v2", "inference_ms_mean": 500.0},
        {"kind": "generic_linux", "backend": "openvino", "model": "alexnet", "inference_ms_mean": 3.0},
        {
            "kind": "generic_linux",
            "backend": "openvino_myriad",
            "model": "alexnet",
            "inference_ms_mean": 35.0,
        },
    ]
    tables = tables_of("ni2020", rows)
    times = {
        number: list(map(float, table.inference_ms)) for number, table in tables.items() if number != "4.7"
    }
    assert times["4.1"] == pytest.approx([500.0])
    assert times["4.2"] == pytest.approx([6.0])
    assert times["4.4"] == pytest.approx([4.0])
    assert times["4.5"] == pytest.approx([5.0])
    assert times["4.6"] == pytest.approx([35.0])
    assert list(tables["4.3"].ratio) == pytest.approx([6.0 / 5.82])


def test_ni2020_streams_give_least_latency_and_greatest_throughput() -> None:
    common = {"kind": "generic_linux", "runtime": "openvino", "model": "inception_v1", "mode": "throughput"}
    rows = [
        {**common, "backend": "openvino_s1", "inference_ms_mean": 10.0, "fps": 95.0},
        {**common, "backend": "openvino_s4", "inference_ms_mean": 22.0, "fps": 170.0},
    ]
    (row,) = tables_of("ni2020", rows)["4.7"].to_dict("records")  # type: ignore[arg-type]
    assert (row["min_latency_ms"], row["max_throughput_fps"]) == (pytest.approx(10.0), pytest.approx(170.0))


def test_velasco2018_sets_measured_beside_reported_accuracy_and_keeps_gaps() -> None:
    pi = {"kind": "raspberry_pi_3", "model": "googlenet", "backend": "opencv"}
    rows = [
        {**pi, "inference_ms_mean": 400.0, "fps": 2.4, "power_mean_w": 4.0, "top1": 0.5},
        {**pi, "mode": "accuracy", "top1": 0.6873, "top5": 0.889},
        {**pi, "model": "squeezenet1_1"},
    ]
    tables = tables_of("velasco2018", rows)  # type: ignore[arg-type]
    (accuracy,) = tables["accuracy"].to_dict("records")
    assert accuracy["top1_pct"] == pytest.approx(68.73)
    assert (accuracy["reported_top1_pct"], accuracy["reported_top5_pct"]) == (69.778, 89.53)
    assert tables["throughput"].throughput_fps.isna().to_list() == [False, True]
    assert tables["merit"].fom_top1.astype("Float64").to_list()[0] == pytest.approx(0.6873 * 2.4 / 4.0)


def test_ameen2023_tells_formats_apart_and_keeps_a_failure_as_a_gap() -> None:
    pi = {
        "kind": "raspberry_pi_4",
        "model": "mnist_cnn",
        "inference_ms_mean": 4.0,
        "total_ms_mean": 5.0,
        "first_total_ms": 30.0,
    }
    rows = [
        {**pi, "backend": "tensorflow"},
        {**pi, "backend": "litert"},
        {**pi, "backend": "tflite_armnn", "runtime": "tflite"},
        {"kind": "raspberry_pi_4", "model": "svhn_cnn", "backend": "tflite"},
        {**pi, "variant": "sparsity_80", "backend": "tensorflow", "top1": 0.9},
        {**pi, "backend": "tensorflow", "mode": "accuracy", "top1": 0.95},
    ]
    tables = tables_of("ameen2023", rows)  # type: ignore[arg-type]
    assert list(tables["7"].dataset) == ["mnist_cnn", "svhn_cnn"]
    assert list(tables["7"].mean_ms.isna()) == [False, True]
    assert list(tables["9"].dataset) == ["mnist_cnn"]
    (row,) = tables["5"].to_dict("records")
    assert (row["sparsity"], row["accuracy_before_pct"], row["accuracy_after_pct"]) == (0.8, 95.0, 90.0)


def test_ameen2023_tables_of_a_lab_put_pruned_variants_beside_the_plain_one() -> None:
    def row(variant: str, mode: str, **more: object) -> dict[str, object]:
        return {
            "source": "s",
            "board": "pi",
            "kind": "raspberry_pi_4",
            "model": "digits_cnn",
            "variant": variant,
        } | {
            **{
                "backend": "onnxruntime",
                "runtime": "onnxruntime",
                "mode": mode,
                "outcome": "ok",
                "validity": "valid",
            },
            **{"published": False, "inference_ms_mean": 1.0, "total_ms_mean": 3.0, "first_total_ms": 9.0},
            **{"total_ms_std": 0.2, "total_ms_ste": 0.02},
            **more,
        }

    sizes = {"artifact_bytes": 237_000, "artifact_bytes_compressed": 40_000, "parameters": 58_474}
    frame = pd.DataFrame(
        [
            row("fp32", "accuracy", top1=0.99, loss=0.02, **sizes),
            row("fp32", "cold", top1=0.98),
            row("pruned_90", "accuracy", top1=0.95, loss=0.2, parameters_left=6_000, **sizes),
            row("pruned_50", "accuracy", top1=0.985, loss=0.03, parameters_left=30_000, **sizes),
            row("pruned_50_int8", "accuracy", top1=0.97, **sizes),
        ]
    )
    rows = combined(canonical(frame))
    tables = {layout.number: layout.build(rows) for layout in load_study("ameen2023").TABLES}
    sparsity = tables["5"]
    assert list(sparsity.sparsity) == [0.5, 0.9]
    assert list(sparsity.accuracy_before_pct) == [99.0, 99.0]
    assert list(sparsity.accuracy_after_pct) == [98.5, 95.0]
    assert list(sparsity.parameters_left) == [30_000, 6_000]
    assert list(sparsity.loss_before) == [0.02, 0.02]
    assert sorted(tables["8"].accuracy_pct) == [95.0, 97.0, 98.5, 99.0]
    (times,) = tables["7b"].to_dict("records")
    assert (times["mean_ms"], times["first_inference_ms"]) == (3.0, 9.0)

    assert "format" not in sparsity
    both = pd.concat([frame, frame.assign(backend="tflite", runtime="tflite")])
    (table,) = [layout for layout in load_study("ameen2023").TABLES if layout.number == "5"]
    told_apart = table.build(combined(canonical(both)))
    assert list(told_apart.format) == ["onnxruntime", "onnxruntime", "tflite", "tflite"]

"""Ameen and others 2023: "Optimizing Deep Learning Models for Raspberry Pi"."""

from functools import partial

import pandas as pd

from analysis.frame import canonical, plain
from analysis.studies.layout import StudyTable, columns, of_lab, percent, share

KIND = "raspberry_pi_4"
BOARD = "Raspberry Pi 4B"
PRUNED = "pruned"
ACCURACY_TABLE = "8"
TFLITE, ARMNN = "tflite", "tflite_armnn"
TIMES = {
    "model": "dataset",
    "variant": "pruning",
    "first_inference_ms": "first_inference_ms",
    "inference_ms": "mean_ms",
    "inference_ms_std": "std_ms",
    "inference_ms_ste": "ste_ms",
}


def load() -> pd.DataFrame:
    """Return times (tables 6, 7, 9) and accuracies (8, 5) of the five models, each named after its data set."""
    from analysis.studies import PUBLISHED

    times = pd.read_csv(PUBLISHED / "ameen2023_latency.csv", dtype={"table": "string", "delegate": "string"})
    accuracy = pd.read_csv(PUBLISHED / "ameen2023_accuracy.csv", dtype={"table": "string"})
    sparsity = pd.read_csv(PUBLISHED / "ameen2023_sparsity.csv", dtype={"table": "string"})
    return pd.concat([_times(times), _accuracies(accuracy), _sparsities(sparsity)], ignore_index=True)


def _times(raw: pd.DataFrame) -> pd.DataFrame:
    runtime = raw.format.str.split().str[0]
    backend = runtime + ("_" + raw.delegate).where(raw.delegate.isin(["armnn"]), "")
    return canonical(
        pd.DataFrame(
            {
                "published": True,
                "table": raw.table,
                "task": "classification",
                "board": BOARD,
                "kind": KIND,
                "model": raw.dataset,
                "variant": _precision(raw.format) + " " + raw.pruning,
                "backend": backend,
                "runtime": backend,
                "mode": "cold",
                "dataset": raw.dataset,
                "first_inference_ms": raw.first_inference_ms,
                "inference_ms_mean": raw.mean_ms,
                "inference_ms_std": raw.std_ms,
                "inference_ms_ste": raw.ste_ms,
            }
        )
    )


def _accuracies(raw: pd.DataFrame) -> pd.DataFrame:
    pruning = raw.format.str.extract(r"\b(unpruned|pruned)$")[0].fillna("unpruned")
    runtime = raw.format.str.split().str[0]
    return canonical(
        pd.DataFrame(
            {
                "published": True,
                "table": raw.table,
                "task": "classification",
                "board": BOARD,
                "kind": KIND,
                "model": raw.dataset,
                "variant": _precision(raw.format) + " " + pruning,
                "backend": runtime,
                "runtime": runtime,
                "mode": "accuracy",
                "dataset": raw.dataset,
                "top1": share(raw.accuracy_pct),
            }
        )
    )


def _sparsities(raw: pd.DataFrame) -> pd.DataFrame:
    """Each row of table 5 is two: the accuracy before pruning, and the one after it at its sparsity."""
    common = {"table": raw.table, "model": raw.dataset, "dataset": raw.dataset}
    per_cent = (raw.sparsity * 100).round().astype("Int64").astype("string")
    before = pd.DataFrame({**common, "variant": "fp32", "top1": share(raw.accuracy_before_pct)})
    after = pd.DataFrame(
        {**common, "variant": "fp32 sparsity_" + per_cent, "top1": share(raw.accuracy_after_pct)}
    )
    rows = pd.concat([before, after], ignore_index=True).assign(
        published=True,
        task="classification",
        board=BOARD,
        kind=KIND,
        backend="keras",
        runtime="keras",
        mode="accuracy",
    )
    return canonical(rows)


def _precision(formats: "pd.Series[str]") -> "pd.Series[str]":
    return formats.str.contains("int8").map({True: "int8", False: "fp32"})


def _latency(rows: pd.DataFrame, runtimes: tuple[str, ...]) -> pd.DataFrame:
    formats = rows.runtime.replace("litert", TFLITE)
    with_armnn = rows.backend.map(plain).str.contains("armnn") | (rows.runtime == "armnn")
    named = rows.assign(runtime=formats.where(~with_armnn, ARMNN))
    untimed = named.inference_ms.isna() & ~of_lab(named)  # a lab's cell that failed is a gap, not an absence
    chosen = named[named.runtime.isin(runtimes) & ~named["mode"].isin(["accuracy", "throughput"]) & ~untimed]
    return columns(chosen, {"runtime": "format", **TIMES})


def _accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    chosen = rows[rows.top1.notna() & ~rows.variant.str.contains("sparsity", na=False)]
    if (chosen.table == ACCURACY_TABLE).any():
        chosen = chosen[chosen.table == ACCURACY_TABLE]
    named = chosen.assign(accuracy_pct=percent(chosen.top1))
    return columns(
        named, {"runtime": "format", "variant": "variant", "model": "dataset", "accuracy_pct": "accuracy_pct"}
    )


def _sparsity(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy before and after pruning, per model and sparsity, from variants named ``…sparsity_<per cent>``."""
    found = rows[rows.top1.notna()]
    per_cent = found.variant.str.extract(r"sparsity_?(\d+)")[0].astype("Float64")
    pruned = found.assign(sparsity=per_cent / 100)[per_cent.notna()]
    before = found[found.variant == "fp32"].groupby("model").top1.first().rename("before")
    joined = pruned.join(before, on="model")
    joined = joined.assign(
        accuracy_before_pct=percent(joined.before), accuracy_after_pct=percent(joined.top1)
    )
    names = ["model", "sparsity", "accuracy_before_pct", "accuracy_after_pct"]
    return columns(joined, dict(zip(names, ["dataset", *names[1:]], strict=True)))


TABLES = [
    StudyTable("5", "Accuracy against sparsity", _sparsity),
    StudyTable("6", "Times of the full framework", partial(_latency, runtimes=("keras", "tensorflow"))),
    StudyTable("7", "Times of TensorFlow Lite", partial(_latency, runtimes=(TFLITE,))),
    StudyTable(ACCURACY_TABLE, "Accuracy per format", _accuracy),
    StudyTable("9", "Times of TensorFlow Lite with Arm NN", partial(_latency, runtimes=(ARMNN,))),
]

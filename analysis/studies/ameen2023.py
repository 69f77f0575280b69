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
SPARSITY = r"(?:sparsity|pruned)_?(\d+)"
"""In the name of a variant: the share of weights, in per cent, that are zero."""
TIMES = {
    "model": "dataset",
    "variant": "pruning",
    "first_total_ms": "first_inference_ms",
    "total_ms_mean": "mean_ms",
    "total_ms_std": "std_ms",
    "total_ms_ste": "ste_ms",
}
"""The study's times run from opening the file to the predicted class: the three stages together."""


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
                "first_total_ms": raw.first_inference_ms,
                "total_ms_mean": raw.mean_ms,
                "total_ms_std": raw.std_ms,
                "total_ms_ste": raw.ste_ms,
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


def _latency(rows: pd.DataFrame, runtimes: tuple[str, ...] | None) -> pd.DataFrame:
    """Times of these runtimes; of every runtime that the study has no table for where None."""
    formats = rows.runtime.replace("litert", TFLITE)
    with_armnn = rows.backend.map(plain).str.contains("armnn") | (rows.runtime == "armnn")
    named = rows.assign(runtime=formats.where(~with_armnn, ARMNN))
    untimed = named.inference_ms.isna() & ~of_lab(named)  # a lab's cell that failed is a gap, not an absence
    of_runtime = named.runtime.isin(runtimes) if runtimes is not None else ~named.runtime.isin(KNOWN_RUNTIMES)
    chosen = named[of_runtime & ~named["mode"].isin(["accuracy", "throughput"]) & ~untimed]
    return columns(_in_order(chosen), {"runtime": "format", **TIMES})


def _accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and file size per format; one row a case, from its accuracy mode where it has one."""
    chosen = rows[rows.top1.notna() & ~rows.variant.str.contains("sparsity", na=False)]
    if (chosen.table == ACCURACY_TABLE).any():
        chosen = chosen[chosen.table == ACCURACY_TABLE]
    chosen = chosen.sort_values("mode", key=lambda mode: mode != "accuracy", kind="stable")
    chosen = chosen.drop_duplicates(
        ["source", "board", "runtime", "variant", "model", "backend"]
    ).sort_index()
    named = _in_order(chosen).assign(accuracy_pct=percent(chosen.top1))
    names = {"runtime": "format", "variant": "variant", "model": "dataset", "accuracy_pct": "accuracy_pct"}
    return _with_what_is_known(
        named, names, {"artifact_bytes": "file_bytes", "artifact_bytes_compressed": "compressed_bytes"}
    )


def _sparsity(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy before and after pruning, per model and sparsity, with what is left and the file's size where known.

    Of a lab the single precision variants are taken, ``pruned_<per cent>``, on each runtime that measured them.
    """
    found = rows[rows.top1.notna() & ~rows.variant.str.contains("int8", na=False)]
    per_cent = found.variant.str.extract(SPARSITY)[0].astype("Float64")
    pruned = found.assign(sparsity=per_cent / 100)[per_cent.notna()]
    case = ["source", "board", "runtime", "model"]
    unpruned = found[found.variant == "fp32"].groupby(case, dropna=False)
    before = unpruned[["top1", "loss"]].first().add_suffix("_before")
    joined = pruned.drop_duplicates([*case, "sparsity"]).join(before, on=case)
    joined = joined.assign(
        accuracy_before_pct=percent(joined.top1_before), accuracy_after_pct=percent(joined.top1)
    )
    if not joined.table.notna().any():
        joined = joined.sort_values([*case, "sparsity"], kind="stable")
    several = {"runtime": "format"} if joined.runtime.nunique() > 1 else {}
    names = (
        several
        | {"model": "dataset"}
        | {name: name for name in ("sparsity", "accuracy_before_pct", "accuracy_after_pct")}
    )
    more = {
        "loss_before": "loss_before",
        "loss": "loss_after",
        "parameters": "parameters",
        "parameters_left": "parameters_left",
        "artifact_bytes": "file_bytes",
        "artifact_bytes_compressed": "compressed_bytes",
    }
    return _with_what_is_known(joined, names, more)


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a lab's rows, measured in a shuffled order, by format, model and variant; the study's stay as printed."""
    return rows.sort_values(["runtime", "model", "variant"], kind="stable") if of_lab(rows).all() else rows


def _with_what_is_known(rows: pd.DataFrame, names: dict[str, str], more: dict[str, str]) -> pd.DataFrame:
    """Return columns under their names, of ``more`` only those that say something: the study printed none of them."""
    return columns(rows, names | {key: name for key, name in more.items() if rows[key].notna().any()})


KNOWN_RUNTIMES = ("keras", "tensorflow", TFLITE, ARMNN)
TABLES = [
    StudyTable("5", "Accuracy against sparsity", _sparsity),
    StudyTable("6", "Times of the full framework", partial(_latency, runtimes=("keras", "tensorflow"))),
    StudyTable("7", "Times of TensorFlow Lite", partial(_latency, runtimes=(TFLITE,))),
    StudyTable(ACCURACY_TABLE, "Accuracy per format", _accuracy),
    StudyTable("9", "Times of TensorFlow Lite with Arm NN", partial(_latency, runtimes=(ARMNN,))),
    StudyTable("7b", "Times of runtimes that the study did not have", partial(_latency, runtimes=None)),
]

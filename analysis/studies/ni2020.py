"""Ni 2020, Hong Kong: "A Comparative Study on the Performance of Different Deep Learning Hardware"."""

from functools import partial

import pandas as pd

from analysis.accelerators import runs_on
from analysis.frame import canonical, plain
from analysis.studies.layout import StudyTable, columns, labelled, of_lab, percent, share

KINDS = {"Raspberry Pi 3B": "raspberry_pi_3", "Jetson Nano": "jetson_nano"}
RUNTIMES = {
    "TensorFlow Lite": "tflite",
    "TensorFlow": "tensorflow",
    "PyTorch": "pytorch",
    "PyTorch-TensorRT": "pytorch_tensorrt",
    "TensorFlow Lite (Edge TPU)": "tflite_edgetpu",
    "OpenVINO": "openvino",
}
LAYOUT = {"backend": "framework", "model": "model", "inference_ms": "inference_ms"}
ACCURACY = {"top1_pct": "top1_pct", "top5_pct": "top5_pct"}


def load() -> pd.DataFrame:
    """Return the rows of tables 4.1 to 4.7; a model without a time was only tested for accuracy.

    Table 4.7 is mode ``throughput``: its time is the least latency, its rate the greatest over the numbers of streams.
    """
    from analysis.studies import PUBLISHED

    latency = pd.read_csv(
        PUBLISHED / "ni2020_latency_accuracy.csv", dtype={"table": "string", "host": "string"}
    )
    streams = pd.read_csv(PUBLISHED / "ni2020_openvino_streams.csv", dtype={"table": "string"})
    return pd.concat([_times(latency), _throughputs(streams)], ignore_index=True)


def _throughputs(raw: pd.DataFrame) -> pd.DataFrame:
    names = {"target": "board", "min_latency_ms": "inference_ms_mean", "max_throughput_fps": "fps"}
    rows = raw.rename(columns=names).assign(
        published=True,
        task="classification",
        backend="OpenVINO",
        runtime="openvino",
        variant="fp16",
        mode="throughput",
    )
    return canonical(rows)


def _times(raw: pd.DataFrame) -> pd.DataFrame:
    return canonical(
        pd.DataFrame(
            {
                "published": True,
                "table": raw.table,
                "task": "classification",
                "board": raw.device,
                "kind": raw.device.map(KINDS),
                "host": raw.host,
                "model": raw.model,
                "variant": raw.framework.str.contains("Lite").map({True: "int8", False: "fp32"}),
                "backend": raw.framework,
                "runtime": raw.framework.map(RUNTIMES),
                "mode": "warm",
                "inference_ms_mean": raw.inference_ms,
                "top1": share(raw.top1_pct),
                "top5": share(raw.top5_pct),
            }
        )
    )


def _host(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return what an accelerator is plugged into: a study says so, of a lab's board its kind does."""
    return rows.host.fillna(rows.kind.map({"generic_linux": "PC", "jetson_nano": "Jetson Nano"}))


def _earlier(rows: pd.DataFrame) -> pd.DataFrame:
    """A lab's times on the Nano beside those that the study printed in 4.2; what it printed as 4.3 is not at hand."""
    theirs = load()
    key = ["runtime", "name"]
    printed = theirs[theirs.table == "4.2"].assign(name=lambda found: found.model.map(plain))
    own = rows[of_lab(rows) & (rows.kind == "jetson_nano") & rows["mode"].ne("accuracy")]
    joined = own.assign(name=own.model.map(plain)).merge(
        printed[[*key, "inference_ms_mean"]].rename(columns={"inference_ms_mean": "reported_ms"}), on=key
    )
    joined = joined.assign(ratio=joined.inference_ms / joined.reported_ms)
    return columns(joined, {**LAYOUT, "reported_ms": "reported_ms", "ratio": "ratio"})


def _others(rows: pd.DataFrame) -> pd.DataFrame:
    """Times on boards that the study did not have, in its columns."""
    elsewhere = (
        of_lab(rows) & ~rows.kind.isin(set(KINDS.values())) & ~rows["mode"].isin(["accuracy", "throughput"])
    )
    chosen = labelled(rows[elsewhere & (rows.task == "classification")])
    return columns(_in_percent(chosen), {"board": "device", **LAYOUT, **ACCURACY})


def _table(rows: pd.DataFrame, kind: str, runtimes: tuple[str, ...], with_accuracy: bool) -> pd.DataFrame:
    plugged = rows.backend.map(plain).str.contains("edgetpu")
    chosen = labelled(
        rows[(rows.kind == kind) & rows.runtime.isin(runtimes) & ~plugged & rows["mode"].ne("throughput")]
    )
    return columns(_in_percent(chosen), LAYOUT | (ACCURACY if with_accuracy else {}))


def _accelerator(rows: pd.DataFrame, mark: str, host: str | None) -> pd.DataFrame:
    """Rows of an accelerator: a study names its device, a lab's label of the backend carries its name (``mark``)."""
    chosen = rows[runs_on(rows, mark) & (rows["mode"] != "throughput")]
    if host is not None:
        chosen = chosen[_host(chosen) == host]
    return columns(_in_percent(labelled(chosen)), LAYOUT | ACCURACY)


def _in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(top1_pct=percent(rows.top1), top5_pct=percent(rows.top5))


def _streams(rows: pd.DataFrame) -> pd.DataFrame:
    """Least latency and greatest throughput over the numbers of parallel streams, from mode ``throughput``.

    Where a lab used another runtime than the study's, it is named beside the board.
    """
    chosen = rows[rows["mode"] == "throughput"]
    other = chosen.board + " (" + chosen.runtime + ")"
    chosen = chosen.assign(board=chosen.board.where(chosen.runtime == "openvino", other))
    grouped = chosen.groupby(["model", "board"], as_index=False, sort=False)
    table = grouped.agg(min_latency_ms=("inference_ms", "min"), max_throughput_fps=("fps", "max"))
    return table.rename(columns={"board": "target"})


GPU_RUNTIMES = ("tensorflow", "pytorch", "pytorch_tensorrt")
TABLES = [
    StudyTable(
        "4.1",
        "Raspberry Pi 3, TensorFlow Lite",
        partial(_table, kind="raspberry_pi_3", runtimes=("tflite", "litert"), with_accuracy=False),
    ),
    StudyTable(
        "4.2", "Jetson Nano", partial(_table, kind="jetson_nano", runtimes=GPU_RUNTIMES, with_accuracy=True)
    ),
    StudyTable(
        "4.3",
        "Jetson Nano beside an earlier report, the study's own 4.2",
        _earlier,
        note="the figures that the study printed here are not among the carried data",
    ),
    StudyTable("4.4", "Edge TPU on a PC", partial(_accelerator, mark="edgetpu", host="PC")),
    StudyTable(
        "4.5",
        "Edge TPU on a Jetson Nano",
        partial(_accelerator, mark="edgetpu", host="Jetson Nano"),
    ),
    StudyTable("4.6", "Intel NCS2, OpenVINO", partial(_accelerator, mark="myriad", host=None)),
    StudyTable("4.7", "OpenVINO, parallel streams", _streams),
    StudyTable("other", "Boards that the study did not have", _others),
]

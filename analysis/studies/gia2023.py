"""Bachelor's thesis, Tampere, April 2023: "On the evaluation of neural network deployment options"."""

from functools import cache, partial

import pandas as pd

from analysis.frame import canonical, plain
from analysis.speedup import speedup
from analysis.studies.layout import StudyTable, columns, in_order_of, labelled

KINDS = {
    "Raspberry Pi 3": "raspberry_pi_3",
    "Raspberry Pi 4": "raspberry_pi_4",
    "Jetson Nano": "jetson_nano",
    "Jetson TX2": "jetson_tx2",
    "Jetson Xavier": "jetson_xavier",
}
RUNTIMES = {"CPU": "onnxruntime", "CUDA": "onnxruntime_cuda", "TensorRT": "onnxruntime_tensorrt"}
LAYOUT = {
    "model": "model",
    "preprocess_ms_mean": "preprocess_ms",
    "inference_ms": "inference_ms",
    "postprocess_ms_mean": "postprocess_ms",
    "fps": "fps",
}


def load() -> pd.DataFrame:
    """Return the 231 rows of tables 4.1 to 4.21; a row that has no time is a model that was killed on that board."""
    from analysis.studies import PUBLISHED

    raw = pd.read_csv(PUBLISHED / "gia2023_latency.csv", dtype={"table": "string"})
    stride = raw.output_stride.astype("Int64").astype("string")
    return canonical(
        pd.DataFrame(
            {
                "published": True,
                "table": raw.table,
                "task": raw.task,
                "board": raw.device,
                "kind": raw.device.map(KINDS),
                "model": raw.model,
                "variant": ("fp32 stride " + stride).fillna("fp32"),
                "backend": raw.execution_provider,
                "runtime": raw.execution_provider.map(RUNTIMES),
                "mode": "warm",
                "preprocess_ms_mean": raw.preprocess_ms,
                "inference_ms_mean": raw.inference_ms,
                "postprocess_ms_mean": raw.postprocess_ms,
                "fps": raw.fps,
            }
        )
    )


def _provider(rows: pd.DataFrame) -> "pd.Series[str]":
    """Name the execution provider of each row, of a study's row and of a lab's label alike."""
    names = {runtime: provider for provider, runtime in RUNTIMES.items()}
    known = {plain(name) for name in names.values()}
    return rows.backend.where(rows.backend.map(plain).isin(known), rows.runtime.map(names).fillna(""))


@cache
def _printed() -> pd.DataFrame:
    return load()


def _models(number: str) -> list[str]:
    """Return the models of one table, in the study's order."""
    return list(dict.fromkeys(_printed().loc[_printed().table == number, "model"]))


def _latency(rows: pd.DataFrame, number: str, task: str, kind: str, provider: str) -> pd.DataFrame:
    chosen = rows[(rows.task == task) & (rows.kind == kind) & (_provider(rows) == provider)]
    return in_order_of(columns(labelled(chosen), LAYOUT), _models(number))


def _others(rows: pd.DataFrame, task: str) -> pd.DataFrame:
    """Times on boards and runtimes that the study did not have, in its columns."""
    theirs = rows.kind.isin(set(KINDS.values())) & (_provider(rows) != "")
    chosen = labelled(rows[(rows.task == task) & ~theirs & rows["mode"].ne("accuracy")])
    return columns(chosen, {"board": "device", "backend": "execution_provider", **LAYOUT})


def _speedup(rows: pd.DataFrame) -> pd.DataFrame:
    """Speed-up over the CPU on the Xavier: the only board on which all three providers ran."""
    chosen = rows[(rows.task == "classification") & (rows.kind == "jetson_xavier")]
    provider = _provider(chosen)
    return speedup(chosen.assign(backend=provider)[provider != ""], "CPU")


def _by_board(rows: pd.DataFrame, task: str, variant: str | None) -> pd.DataFrame:
    chosen = rows[(rows.task == task) & (_provider(rows) != "")]
    if variant is not None:
        chosen = chosen[chosen.variant.str.endswith(variant, na=False)]
    named = chosen.assign(backend=_provider(chosen))
    return columns(named, {"board": "device", "backend": "execution_provider", **LAYOUT})


CASES = [
    ("Raspberry Pi 3", "CPU"),
    ("Raspberry Pi 4", "CPU"),
    ("Jetson Nano", "CPU"),
    ("Jetson Nano", "CUDA"),
    ("Jetson TX2", "CPU"),
    ("Jetson TX2", "CUDA"),
    ("Jetson Xavier", "CPU"),
    ("Jetson Xavier", "CUDA"),
    ("Jetson Xavier", "TensorRT"),
]
DETECTION_CASES = [CASES[1], CASES[0], *CASES[2:8]]


def _case_tables(task: str, first: int, cases: list[tuple[str, str]]) -> list[StudyTable]:
    return [
        StudyTable(
            f"4.{number}",
            f"{task} on {board}, {provider}",
            partial(_latency, number=f"4.{number}", task=task, kind=KINDS[board], provider=provider),
        )
        for number, (board, provider) in enumerate(cases, start=first)
    ]


TABLES = [
    *_case_tables("classification", 1, CASES),
    StudyTable("4.10", "Speed-up of CUDA and TensorRT over the CPU, Jetson Xavier", _speedup),
    *_case_tables("detection", 11, DETECTION_CASES),
    StudyTable("4.19", "Pose, output stride 8", partial(_by_board, task="pose", variant="stride 8")),
    StudyTable("4.20", "Pose, output stride 32", partial(_by_board, task="pose", variant="stride 32")),
    StudyTable("4.21", "Segmentation", partial(_by_board, task="segmentation", variant=None)),
    *(
        StudyTable(f"{task}, other", f"{task} where the study did not measure", partial(_others, task=task))
        for task in ("classification", "detection")
    ),
]

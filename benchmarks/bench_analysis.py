"""How fast the lake is read: 1e8 readings exactly, beside pandas on the same files, and a year of nights from roll-ups.

Run on a quiet machine: ``python benchmarks/bench_analysis.py``. It writes about 1 GB into a temporary directory,
removes it again, and exits with 1 where a bound is missed.
``--rows 1e7`` rehearses the chain; the ratio to pandas is only meant at full size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402

from analysis.columns import typed  # noqa: E402
from analysis.lake.archive import READINGS, write_table  # noqa: E402
from analysis.lake.history import nightly  # noqa: E402
from analysis.lake.page import history_page  # noqa: E402
from analysis.lake.summary import summarise_lake  # noqa: E402

BOARDS, CASES, NIGHTS, YEAR_NIGHTS = 8, 50, 25, 365
FIRST_NIGHT = date(2026, 1, 1)
SECONDS_SUMMARY, GIB_SUMMARY, SECONDS_YEAR, RATIO_PANDAS = 10.0, 1.5, 15.0, 10.0


def main() -> int:
    """Measure everything in one run and print each figure beside its bound."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=float, default=1e8, help="readings in the lake (default 1e8)")
    parser.add_argument("--directory", type=Path, help="where the temporary lake lies")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgebench-lake-", dir=args.directory) as directory:
        lake = Path(directory)
        per_file = int(args.rows) // (BOARDS * NIGHTS)
        write_readings(lake, per_file)
        write_rollups(lake)
        size_mb = sum(path.stat().st_size for path in (lake / "inference").rglob("*.parquet")) / 1e6
        print(
            f"lake: {per_file * BOARDS * NIGHTS:.3g} readings, {size_mb:.0f} MB, {BOARDS * CASES} groups",
            flush=True,
        )
        groups, seconds, gib = in_own_process(summarise, lake)
        checks = [
            show("groups summarised exactly", groups, BOARDS * CASES, at_least=True),
            show("summary of all readings (s)", seconds, SECONDS_SUMMARY),
            show("summary, greatest memory (GiB)", gib, GIB_SUMMARY),
        ]
        one_board = lake / "one"
        (one_board / "inference").mkdir(parents=True)
        for night in sorted((lake / "inference").iterdir()):
            target = one_board / "inference" / night.name / "board=b0"
            target.parent.mkdir()
            target.symlink_to(night / "board=b0")
        _, ours, _ = in_own_process(summarise, one_board)
        _, theirs, their_gib = in_own_process(summarise_with_pandas, one_board)
        checks.append(
            show(
                f"times faster than pandas ({theirs:.1f} s, {their_gib:.1f} GiB)",
                theirs / ours,
                RATIO_PANDAS,
                at_least=True,
            )
        )
        _, seconds, _ = in_own_process(write_history, lake)
        checks.append(show("page of a year of nights (s)", seconds, SECONDS_YEAR))
    return 0 if all(checks) else 1


def show(name: str, value: float, bound: float, at_least: bool = False) -> bool:
    """Print one figure and return whether it keeps its bound."""
    kept = value >= bound if at_least else value <= bound
    print(
        f"{name:52} {value:9.3g}   {'>=' if at_least else '<='} {bound:<6g} {'ok' if kept else 'MISSED'}",
        flush=True,
    )
    return kept


def in_own_process(work: Callable[[Path], int], lake: Path) -> tuple[int, float, float]:
    """Return the result, seconds and greatest memory (GiB) of ``work``, in a process that does nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, lake))


def _measured(work: Callable[[Path], int], lake: Path) -> tuple[int, float, float]:
    start = time.perf_counter()
    result = work(lake)
    seconds = time.perf_counter() - start
    return result, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def summarise(lake: Path) -> int:
    """Summarise every reading as the verb does."""
    return len(summarise_lake(lake))


def summarise_with_pandas(lake: Path) -> int:
    """Read the same columns of the same files and compute the same figures."""
    columns = ["model", "variant", "backend", "mode", "index", "measured", "inference_ns"]
    files = sorted(
        path for night in (lake / "inference").iterdir() for path in (night / "board=b0").glob("*.parquet")
    )
    frame = pd.concat(
        [pd.read_parquet(path, columns=columns, partitioning=None) for path in files], ignore_index=True
    )
    for name in ("model", "variant", "backend", "mode"):
        frame[name] = frame[name].astype("category")
    frame = frame[frame.measured & (frame["index"] > 0) & (frame.inference_ns > 0)]
    grouped = frame.groupby(["model", "variant", "backend", "mode"], observed=True).inference_ns
    return len(grouped.agg(["count", "mean", "std"]).join(grouped.quantile([0.5, 0.9, 0.99]).unstack()))


def write_history(lake: Path) -> int:
    """Write the page of all nights from the roll-ups."""
    return (lake / "history.html").write_text(history_page(nightly(lake)))


def write_readings(lake: Path, per_file: int) -> None:
    """Write one file per night and board, each with every case in one boot of equal length."""
    rng = np.random.default_rng(1)
    per_case = per_file // CASES
    names = {"sweep_id": "s", "variant": "fp32", "backend": "onnxruntime", "mode": "warm"}
    rows = per_case * CASES
    models = np.repeat(np.arange(CASES), per_case)
    fixed: dict[str, object] = {
        name: pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [text]) for name, text in names.items()
    }
    fixed["model"] = pa.DictionaryArray.from_arrays(
        models.astype(np.int32), [f"m{n:02d}" for n in range(CASES)]
    )
    index = np.tile(np.arange(1, per_case + 1, dtype=np.int32), CASES)
    base = 1e6 * (1 + models)
    for night in range(NIGHTS):
        for board in range(BOARDS):
            inference = (base * np.exp(rng.normal(0.02 * board, 0.03, rows))).astype(np.int64)
            columns = {
                **fixed,
                "repeat": np.ones(rows, np.int16),
                "index": index,
                "measured": np.ones(rows, bool),
                "t_ns": np.cumsum(inference + 450_000),
                "preprocess_ns": rng.normal(400_000, 8_000, rows).astype(np.int64),
                "inference_ns": inference,
                "postprocess_ns": rng.normal(50_000, 2_000, rows).astype(np.int64),
            }
            part = f"night={FIRST_NIGHT + timedelta(night)}/board=b{board}/part-0.parquet"
            write_table(
                lake / "inference" / part,
                pa.table([pa.array(columns[n]) for n in READINGS.names], schema=READINGS),
            )


def write_rollups(lake: Path) -> None:
    """Write a year of roll-ups: three boots of each case a night."""
    rng = np.random.default_rng(2)
    shared = {
        "variant": "fp32",
        "backend": "onnxruntime",
        "mode": "warm",
        "outcome": "ok",
        "validity": "valid",
    }
    rows = [
        {"model": f"m{case:02d}", "repeat": boot, **shared} for case in range(CASES) for boot in (1, 2, 3)
    ]
    table = pa.Table.from_pandas(typed(rows).drop(columns="board"), preserve_index=False)
    column = table.column_names.index("inference_ms_log_mean")
    logs = np.log(1 + np.repeat(np.arange(CASES), 3))
    for night in range(YEAR_NIGHTS):
        for board in range(BOARDS):
            measured = pa.array(logs + rng.normal(0, 0.01, len(logs)))
            part = f"night={FIRST_NIGHT + timedelta(night)}/board=b{board}/part-0.parquet"
            rollup = table.set_column(column, "inference_ms_log_mean", measured)
            write_table(lake / "rollup" / part, rollup)


if __name__ == "__main__":
    sys.exit(main())

"""How fast the lake is read: 1e8 readings exactly, beside pandas on the same files, and a year of nights from roll-ups.

Run on a quiet machine: ``python benchmarks/bench_analysis.py``. It writes about 1 GB into a temporary directory,
removes it again, and exits with 1 where a bound is missed.
``--rows 1e7`` rehearses the chain; the ratio to pandas is only meant at full size.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402

from analysis.columns import typed  # noqa: E402
from analysis.lake.archive import READINGS, write_table  # noqa: E402
from analysis.lake.history import nightly  # noqa: E402
from analysis.lake.page import history_page  # noqa: E402
from analysis.lake.summary import PERCENTILES, summarise_lake  # noqa: E402

BOARDS, CASES, NIGHTS, YEAR_NIGHTS = 8, 50, 25, 365
FIRST_NIGHT = date(2026, 1, 1)
FIGURES = ["inference_ms_mean", "inference_ms_std", *PERCENTILES]
PANDAS_GIB_PER_READING, SHARE_OF_MEMORY = 1.2e-7, 0.6
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
        checks = [*check_summary(lake), *check_against_pandas(lake, per_file * NIGHTS)]
        year = in_own_process(write_history, lake)
        checks.append(show("page of a year of nights (s)", year.seconds, SECONDS_YEAR, cpu=year))
    return 0 if all(checks) else 1


def check_summary(lake: Path) -> list[bool]:
    """Summarise everything, and hold it to its bounds."""
    ours = in_own_process(summarise, lake)
    return [
        show("groups summarised exactly", len(ours.result), BOARDS * CASES, at_least=True),
        show("summary of all readings (s)", ours.seconds, SECONDS_SUMMARY, cpu=ours),
        show("summary, greatest memory (GiB)", ours.gib, GIB_SUMMARY),
    ]


def check_against_pandas(lake: Path, per_board: int) -> list[bool]:
    """Summarise as many boards as pandas has memory for, with both; the results have to be the same."""
    boards = max(
        1, min(BOARDS, int(available_gib() * SHARE_OF_MEMORY / (per_board * PANDAS_GIB_PER_READING)))
    )
    part = lake / "part"
    for night in sorted((lake / "inference").iterdir()):
        target = part / "inference" / night.name
        target.mkdir(parents=True)
        for board in range(boards):
            (target / f"board=b{board}").symlink_to(night / f"board=b{board}")
    before = in_own_process(summarise, part)
    theirs = in_own_process(summarise_with_pandas, part)
    after = in_own_process(summarise, part)
    np.testing.assert_array_equal(before.result.n, theirs.result.n)
    for column in FIGURES:
        np.testing.assert_allclose(before.result[column], theirs.result[column], rtol=1e-12)
    print(
        f"{boards} of {BOARDS} boards: pandas {theirs.seconds:.1f} s ({theirs.cpu_s:.1f} CPU s, {theirs.gib:.1f} GiB), "
        f"lake {before.seconds:.1f} s before and {after.seconds:.1f} s after ({before.cpu_s:.1f} and {after.cpu_s:.1f} "
        f"CPU s), the same figures"
    )
    ours = (before.seconds + after.seconds) / 2
    cpu_ratio = 2 * theirs.cpu_s / (before.cpu_s + after.cpu_s)
    print(f"{'  the same in CPU seconds':52} {cpu_ratio:9.3g}")
    return [show("times faster than pandas", theirs.seconds / ours, RATIO_PANDAS, at_least=True)]


def available_gib() -> float:
    """Return the memory that is free for use, without swap."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


@dataclass(frozen=True)
class Run:
    """What a piece of work returned and cost; ``cpu_s`` is that of the process with all its threads."""

    result: Any
    seconds: float
    cpu_s: float
    gib: float


def show(name: str, value: float, bound: float, at_least: bool = False, cpu: Run | None = None) -> bool:
    """Print one figure and return whether it keeps its bound."""
    kept = value >= bound if at_least else value <= bound
    spent = f"   ({cpu.cpu_s:.1f} CPU s)" if cpu else ""
    print(
        f"{name:52} {value:9.3g}   {'>=' if at_least else '<='} {bound:<6g} {'ok' if kept else 'MISSED'}{spent}",
        flush=True,
    )
    return kept


def in_own_process(work: Callable[[Path], Any], lake: Path) -> Run:
    """Return what ``work`` returned and cost, in a process that does nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, lake))


def _measured(work: Callable[[Path], Any], lake: Path) -> Run:
    start, cpu = time.perf_counter(), time.process_time()
    result = work(lake)
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    return Run(result, seconds, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def summarise(lake: Path) -> pd.DataFrame:
    """Summarise every reading as the verb does."""
    return summarise_lake(lake)


def summarise_with_pandas(lake: Path) -> pd.DataFrame:
    """Read the same columns of the same files and compute the same figures, in the same order of rows."""
    parts = []
    for path in sorted((lake / "inference").glob("night=*/board=*/*.parquet")):
        part = pd.read_parquet(path, columns=["series", "counted", "inference_ns"], partitioning=None)
        parts.append(part.assign(board=pd.Categorical.from_codes([0] * len(part), [path.parent.name])))
    frame = pd.concat(parts, ignore_index=True)
    del parts
    for name in ("board", "series"):
        frame[name] = frame[name].astype("category")
    grouped = frame[frame.counted].groupby(["board", "series"], observed=True).inference_ns
    found = grouped.agg(n="count", inference_ms_mean="mean", inference_ms_std="std")
    quantiles = grouped.quantile([0.5, 0.9, 0.99]).unstack().set_axis(list(PERCENTILES), axis=1)
    found = found.join(quantiles).sort_index().reset_index()
    return found.assign(**{column: found[column] / 1e6 for column in FIGURES})


def write_history(lake: Path) -> int:
    """Write the page of all nights from the roll-ups."""
    return (lake / "history.html").write_text(history_page(nightly(lake), lake))


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
    codes, cases = models.astype(np.int32), [f"m{n:02d}" for n in range(CASES)]
    fixed["model"] = pa.DictionaryArray.from_arrays(codes, cases)
    fixed["series"] = pa.DictionaryArray.from_arrays(
        codes, [f"{case}.fp32.onnxruntime.warm" for case in cases]
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
                "counted": np.ones(rows, bool),
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

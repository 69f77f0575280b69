"""The lake's readings summarised by a distributed engine, for the lab that outgrows one machine.

    python examples/lake_on_dask.py LAKE [--scheduler tcp://HOST:8786]

Needs Dask, which is among what the tests need (``make dev-env``). Without a scheduler two worker processes of this
machine do it. The figures are those of the verb ``summary``: a group's readings are brought together and its
percentiles are exact. The rest of the project does not need this file.
"""

import argparse
import sys
from pathlib import Path

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

SERIES = ["board", "model", "variant", "backend", "mode"]
PERCENTILES = {"inference_ms_p50": 0.5, "inference_ms_p90": 0.9, "inference_ms_p99": 0.99}
SUMMARY = {"n": "int64", "inference_ms_mean": "float64", "inference_ms_std": "float64"}
SUMMARY |= dict.fromkeys(PERCENTILES, "float64")


def summarise(lake: Path) -> pd.DataFrame:
    """Return one row per board, model, variant, backend and mode, computed by whichever cluster is connected."""
    columns = [*SERIES[1:], "counted", "inference_ns"]
    readings = dd.read_parquet(lake / "inference", columns=[*columns, "board"])
    kept = readings[readings.counted].astype(dict.fromkeys(SERIES, "string"))
    grouped = kept.groupby(SERIES, observed=True)
    table = grouped[["inference_ns"]].apply(_statistics, meta=SUMMARY).compute()
    return table.reset_index().sort_values(SERIES, ignore_index=True)[[*SERIES, *SUMMARY]]


def _statistics(group: pd.DataFrame) -> pd.Series:
    times = group.inference_ns.to_numpy() / 1e6
    quantiles = np.quantile(times, list(PERCENTILES.values())) if len(times) else [np.nan] * len(PERCENTILES)
    deviation = times.std(ddof=1) if len(times) > 1 else np.nan
    row = {"n": len(times), "inference_ms_mean": times.mean(), "inference_ms_std": deviation}
    return pd.Series(row | dict(zip(PERCENTILES, quantiles, strict=True)))


def main() -> int:
    """Connect, summarise, print CSV."""
    parser = argparse.ArgumentParser(description="summarise a lake with Dask")
    parser.add_argument("lake", type=Path)
    parser.add_argument("--scheduler", help="address of a running scheduler; without it two local processes")
    args = parser.parse_args()
    if not any((args.lake / "inference").glob("night=*/board=*/*.parquet")):
        print(f"{args.lake}: no readings; add a sweep with the verb archive", file=sys.stderr)
        return 2
    with dask.config.set({"dataframe.convert-string": False}):
        cluster = args.scheduler or LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        with Client(cluster):
            summarise(args.lake).to_csv(sys.stdout, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

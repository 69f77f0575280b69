"""``ingest RESULTS_DIR``: raw records into Parquet."""

import argparse
from pathlib import Path

from analysis.ingest import ingest
from analysis.sweep import load_sweep

HELP = "turn a results directory's raw records into cells.parquet and inferences/"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")
    parser.add_argument("--store", type=Path, metavar="DIR", help="zoo store with the data sets' labels")


def run(args: argparse.Namespace) -> int:
    """Ingest and say what was set aside."""
    sweep = load_sweep(args.results)
    summary = ingest(sweep, args.store)
    for message in summary["set_aside"]:
        print(f"set aside: {message}")
    print(f"{summary['cells']} cells in {sweep.cells_parquet}")
    return 0

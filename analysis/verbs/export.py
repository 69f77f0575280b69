"""``export RESULTS_DIR --to DIR``: a sweep as others can use it."""

import argparse
from pathlib import Path

from analysis.export.package import export
from analysis.sweep import load_sweep

HELP = "write CSV, Parquet, report, system descriptions and an RO-Crate into a new directory"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="a directory that does not exist yet"
    )
    parser.add_argument(
        "--license", metavar="URL", help="of the data, such as that of CC BY 4.0; named in the crate"
    )


def run(args: argparse.Namespace) -> int:
    """Export and say where it is."""
    files = export(load_sweep(args.results), args.to, args.license)
    print(f"{len(files)} files in {args.to}")
    return 0

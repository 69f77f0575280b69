"""``report RESULTS_DIR``: the page, its tables and its figures."""

import argparse
from pathlib import Path

from analysis.report.build import build_report
from analysis.store import load_cells
from analysis.sweep import load_sweep

HELP = "write report/index.html, tables/*.csv, figures/*.svg and verdict.json, and print the page's path"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")


def run(args: argparse.Namespace) -> int:
    """Build the report and print where its page is."""
    sweep = load_sweep(args.results)
    print(build_report(sweep, *load_cells(sweep)))
    return 0

"""``archive RESULTS_DIR --lake DIR``: take a sweep into the lake of all nights."""

import argparse
import sys
from pathlib import Path

from analysis.lake.archive import archive
from analysis.sweep import load_sweep

HELP = "add a sweep's readings and roll-ups to a lake of many nights"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")
    parser.add_argument("--lake", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--night", metavar="DATE", help="default: the day (UTC) on which the sweep was planned"
    )


def run(args: argparse.Namespace) -> int:
    """Archive the sweep and name the files written."""
    messages: list[str] = []
    for path in archive(load_sweep(args.results), args.lake, args.night, messages):
        print(path)
    for message in messages:
        print(message, file=sys.stderr)
    return 0

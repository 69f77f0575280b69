"""``summary LAKE``: exact mean and percentiles of every reading in the lake, per board and case."""

import argparse
import sys
from pathlib import Path

from analysis.lake.summary import summarise_lake
from analysis.output import add_format_options, emit

HELP = "exact mean and percentiles of every reading in a lake"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("lake", type=Path, metavar="LAKE")
    parser.add_argument("--since", default="", metavar="DATE", help="first night that counts")
    parser.add_argument("--threads", type=int, default=2)
    add_format_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per board, model, variant, backend and mode."""
    set_aside: list[str] = []
    summary = summarise_lake(args.lake, args.since, args.threads, set_aside)
    for message in set_aside:
        print(f"set aside: {message}", file=sys.stderr)
    emit(summary, args)
    return 0

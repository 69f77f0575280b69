"""``speedup SOURCE… --board B --baseline X``: how many times faster each backend is, per model."""

import argparse

from analysis.errors import InputError
from analysis.frame import choose, combined, one_mode
from analysis.options import add_mode, add_sources
from analysis.output import emit
from analysis.sources import load_sources
from analysis.speedup import speedup

HELP = "per model, the baseline's inference time over each other backend's"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    parser.add_argument("--board", required=True, help="the board, such as 'Jetson Xavier'")
    parser.add_argument("--baseline", required=True, help="the backend that the others are compared with")
    parser.add_argument("--task", help="only models of this task")
    add_mode(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per model."""
    rows = combined(one_mode(choose(load_sources(args.sources), "board", args.board), args.mode))
    if args.task:
        rows = choose(rows, "task", args.task)
    table = speedup(rows, args.baseline)
    if list(table.columns) == ["model"]:
        raise InputError(f"{args.baseline} is the only backend of {args.board}: nothing to compare it with")
    emit(table, args)
    return 0

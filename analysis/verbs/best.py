"""``best SOURCE… [--within-ms T]``: the most accurate model of each device, within a latency bound."""

import argparse

from analysis.frame import cases
from analysis.options import add_mode, add_sources, positive_number
from analysis.output import emit
from analysis.sources import load_sources
from analysis.winners import best

HELP = "the most accurate model of each device, within a latency bound; one without a time there cannot win"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    parser.add_argument(
        "--within-ms", type=positive_number, metavar="T", help="greatest inference time allowed, in ms"
    )
    add_mode(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per device."""
    bound = f" of at most {args.within_ms:g} ms" if args.within_ms else ""
    winners = best(cases(load_sources(args.sources), args.mode), args.within_ms)
    emit(winners, args, f"no case has both an accuracy and a time{bound}")
    return 0

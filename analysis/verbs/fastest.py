"""``fastest SOURCE…``: the least inference time of each device."""

import argparse

from analysis.frame import cases
from analysis.options import add_mode, add_sources
from analysis.output import emit
from analysis.sources import load_sources
from analysis.winners import fastest

HELP = "the fastest model of each device"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    add_mode(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per device."""
    emit(fastest(cases(load_sources(args.sources), args.mode)), args, "no case has a time")
    return 0

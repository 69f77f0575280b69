"""``pareto SOURCE… [--against energy]``: accuracy against latency or energy, with the frontier."""

import argparse

from analysis.frame import cases
from analysis.frontier import COST, pareto
from analysis.options import add_mode, add_sources
from analysis.output import emit
from analysis.sources import load_sources

HELP = "accuracy against latency or energy; says which cases no other beats in both"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    parser.add_argument("--against", choices=sorted(COST), default="latency", help="default: latency")
    add_mode(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per case."""
    cost = {"latency": "a time", "energy": "an energy"}[args.against]
    found = pareto(cases(load_sources(args.sources), args.mode), args.against)
    emit(found, args, f"no case has both an accuracy and {cost}")
    return 0

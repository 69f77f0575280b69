"""``check SOURCE…``: rows that contradict themselves."""

import argparse

from analysis.consistency import contradictions
from analysis.options import add_sources
from analysis.output import emit
from analysis.sources import load_sources

HELP = "rows that contradict themselves, with the numbers"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per contradiction."""
    found = contradictions(load_sources(args.sources))
    shown = found if args.format else found.dropna(axis="columns", how="all")
    emit(shown, args, "no row contradicts itself")
    return 0

"""``population SOURCE…``: several boards of one kind, averaged, with where their spread comes from."""

import argparse

from analysis.options import add_sources
from analysis.output import emit
from analysis.population import populations
from analysis.sources import load_sources

HELP = "boards of one kind averaged, with the spread between iterations, boots and boards"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per kind, model, variant, backend and mode."""
    why = "no sound boot; a published figure has none, so that nothing can be said of its spread"
    emit(populations(load_sources(args.sources)), args, why)
    return 0

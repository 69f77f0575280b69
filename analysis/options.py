"""Arguments that several verbs share."""

import argparse

from analysis.output import add_format_options


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add ``SOURCE…`` and the output formats."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a results directory, or published:<study>; several are joined",
    )
    add_format_options(parser)


def add_mode(parser: argparse.ArgumentParser) -> None:
    """Add ``--mode``."""
    parser.add_argument("--mode", help="which mode to use; without it warm, or what a source has instead")


def positive_number(text: str) -> float:
    """Return ``text`` as a number above zero, for argparse."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above zero")
    return value

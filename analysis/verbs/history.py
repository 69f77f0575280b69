"""``history LAKE [--page FILE]``: every series over the nights, from the roll-ups."""

import argparse
import sys
from pathlib import Path

from analysis.files import write_text
from analysis.lake.history import history, nightly
from analysis.lake.page import history_page
from analysis.output import add_format_options, emit

HELP = "what changed over the nights and since when: boards' events, then every series"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("lake", type=Path, metavar="LAKE")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write a page with a line per series, print its path"
    )
    add_format_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row per series, or write the page."""
    set_aside: list[str] = []
    nights = nightly(args.lake, set_aside)
    for message in set_aside:
        print(f"set aside: {message}", file=sys.stderr)
    if args.page:
        write_text(args.page, history_page(nights, args.lake))
        print(args.page)
    else:
        emit(history(nights, args.lake), args)
    return 0

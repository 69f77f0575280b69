"""``host-impact SOURCE… --accelerator A``: slope and intercept of an accelerator's speeds on two hosts."""

import argparse

from analysis.accelerators import of_accelerator
from analysis.frame import combined, one_mode
from analysis.host_impact import host_impact, speeds
from analysis.options import add_mode, add_sources
from analysis.output import emit
from analysis.sources import load_sources

HELP = "the line through an accelerator's speeds (1/ms) on two hosts, with standard errors"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    parser.add_argument(
        "--accelerator",
        required=True,
        metavar="A",
        help="the device, such as 'Coral USB Accelerator' or, in a lab's labels, 'edgetpu'",
    )
    parser.add_argument(
        "--hosts", nargs=2, metavar=("X", "Y"), help="the hosts; default: the two there are, in order"
    )
    add_mode(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row."""
    rows = combined(one_mode(of_accelerator(load_sources(args.sources), args.accelerator), args.mode))
    emit(host_impact(speeds(rows, tuple(args.hosts) if args.hosts else None)), args)
    return 0

"""Print CLOCK_MONOTONIC in nanoseconds for every line on standard input.

One process answers many exchanges, so that a round trip is as short as the connection allows.
"""

import argparse
import sys

from edgebench_runner.clock import now_ns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    for _ in iter(sys.stdin.readline, ""):
        sys.stdout.write("{}\n".format(now_ns()))
        sys.stdout.flush()
    return 0

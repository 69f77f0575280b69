"""Measure what one inference costs when the backend does nothing, recording included."""

import argparse
import json

from edgebench_runner import floor
from edgebench_runner.commands._arguments import positive_int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--inferences", type=positive_int, default=200000, help="per repeat (default: %(default)s)"
    )
    parser.add_argument("--repeats", type=positive_int, default=9, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    result = floor.floor(arguments.inferences, arguments.repeats)
    if arguments.json:
        print(json.dumps(result))
    else:
        line = (
            "{median_ns:.0f} ns per null inference, {minimum_ns:.0f} to {maximum_ns:.0f} in {repeats} repeats"
        )
        print(line.format(**result))
    return 0

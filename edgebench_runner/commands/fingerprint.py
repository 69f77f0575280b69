"""Print the configuration of this board and of one environment, and its hash."""

import argparse
import json
import sys

from edgebench_runner import fingerprint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON, with every part")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter of the environment (default: this one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    parts = dict(fingerprint.board_parts(), **fingerprint.python_parts(arguments.python))
    digest = fingerprint.digest(parts)
    if arguments.json:
        print(json.dumps({"fingerprint": digest, "fingerprint_parts": parts}, indent=1))
    else:
        print(digest)
    return 0

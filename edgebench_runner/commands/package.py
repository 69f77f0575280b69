"""Write the runner as one zipapp: the same bytes for the same sources."""

import argparse
import hashlib
import os

from edgebench_runner import atomic, resources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="file to write, such as edgebench_runner.pyz"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; prints the SHA-256."""
    data = resources.build()
    os.makedirs(os.path.dirname(os.path.abspath(arguments.out)), exist_ok=True)
    atomic.write_bytes(arguments.out, data)
    os.chmod(arguments.out, 0o755)
    print(hashlib.sha256(data).hexdigest())
    return 0

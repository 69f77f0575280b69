"""Print the configuration of this board and of its environments, and its hash."""

import argparse
import json
import os
import sys
from typing import Any, Dict

from edgebench_runner import backend_probe, environment, fingerprint, resources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON, with every part")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--python", default=sys.executable, help="interpreter of the environment (default: this one)"
    )
    which.add_argument(
        "--environments", metavar="DIR", help="the board and the newest environment of each backend, as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.environments:
        print(json.dumps(everything(arguments.environments)))
        return 0
    parts = dict(fingerprint.board_parts(), **fingerprint.python_parts(arguments.python))
    digest = fingerprint.digest(parts)
    if arguments.json:
        print(json.dumps({"fingerprint": digest, "fingerprint_parts": parts}, indent=1))
    else:
        print(digest)
    return 0


def everything(directory: str) -> Dict[str, Any]:
    """Return the parts of the board, and those of each backend's environment in a directory."""
    board = dict(fingerprint.board_parts(), runner_sha256=resources.runner_sha256())
    pythons = backend_probe.environments(directory) if os.path.isdir(directory) else {}
    return {"board": board, "environments": {name: _parts(python) for name, python in pythons.items()}}


def _parts(python: str) -> Dict[str, Any]:
    parts = fingerprint.python_parts(python)
    vendor_files = environment.vendor(python).get("files")
    return dict(parts, vendor_files=vendor_files) if vendor_files else parts

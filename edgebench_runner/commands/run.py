"""Measure one cell and write its directory.

With --detach the cell runs in a session (or a systemd service) of its own, so that it survives the caller;
the same command again attaches to it, and reports a cell that is complete already. Prints the head of the
record as one JSON line; exits with 0 whenever cell.json exists, whatever its outcome.
"""

import argparse
import json
import os
import sys

from edgebench_runner import attach, launcher, spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="cell spec (JSON)")
    parser.add_argument("--out", metavar="DIR", required=True, help="directory of the cell; made if missing")
    parser.add_argument("--detach", action="store_true", help="run in a session of its own, and wait for it")
    parser.add_argument(
        "--launcher",
        choices=["auto", "setsid", "systemd"],
        default="auto",
        help="what carries a detached cell (auto: systemd where it booted the machine and this is root)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    cell_spec = spec.load(arguments.spec)
    directory = os.path.abspath(arguments.out)
    try:
        record = _measure(cell_spec, directory, arguments)
    except attach.CellDiedError as error:
        sys.stderr.write("edgebench_runner: {}\n".format(error))
        return 1
    print(json.dumps(attach.head(record)))
    return 0


def _measure(cell_spec: dict, directory: str, arguments: argparse.Namespace) -> dict:
    if not arguments.detach:
        return attach.run_here(cell_spec, directory)
    if arguments.launcher == "setsid" or (arguments.launcher == "auto" and not launcher.systemd_usable()):
        return attach.run_detached(cell_spec, directory)
    return attach.run_in_service(cell_spec, arguments.spec, directory)

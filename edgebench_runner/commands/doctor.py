"""Tell whether this board is in a state to be measured, and what to do where it is not."""

import argparse
import json

from edgebench_runner import doctor
from edgebench_runner.telemetry import Board


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="where results would be written (default: here)"
    )
    parser.add_argument("--kind", default="generic_linux", help="kind of board")
    parser.add_argument("--backend", help="backend to import")
    parser.add_argument("--python", help="interpreter of the backend's environment")
    for key, value in sorted(doctor.DEFAULT_GATE.items()):
        parser.add_argument(
            "--" + key.replace("_", "-"), type=type(value), default=value, help="default: %(default)s"
        )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; exits with 1 where a check failed."""
    gate = {key: getattr(arguments, key) for key in doctor.DEFAULT_GATE}
    about = doctor.context(
        Board().sample(), gate, arguments.out, arguments.kind, arguments.backend, arguments.python
    )
    results = doctor.examine(about)
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        for result in results:
            print("{status:8} {check:14} {found:40} {advice}".format(**result).rstrip())
    return 1 if any(result["status"] == "fail" for result in results) else 0

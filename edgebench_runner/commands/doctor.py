"""Tell whether this board is in a state to be measured, and what to do where it is not."""

import argparse
import json
from typing import Any, Dict

from edgebench_runner import doctor
from edgebench_runner.errors import UsageError
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
    parser.add_argument(
        "--expected", metavar="JSON", default="{}", help="what should be there, by the name of the check"
    )
    for key, value in sorted(doctor.DEFAULT_GATE.items()):
        parser.add_argument(
            "--" + key.replace("_", "-"), type=type(value), default=value, help="default: %(default)s"
        )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; exits with 1 where a check failed."""
    gate = {key: getattr(arguments, key) for key in doctor.DEFAULT_GATE}
    about = doctor.context(
        Board().sample(),
        gate,
        arguments.out,
        arguments.kind,
        arguments.backend,
        arguments.python,
        _expected(arguments.expected),
    )
    results = doctor.examine(about, thorough=arguments.backend is None)
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        for result in results:
            print("{status:8} {check:16} {found:44} {advice}".format(**result).rstrip())
    return 1 if any(result["status"] == "fail" for result in results) else 0


def _expected(text: str) -> Dict[str, Any]:
    try:
        expected = json.loads(text)
    except ValueError as error:
        raise UsageError(["--expected: not JSON: {}".format(error)]) from None
    if not isinstance(expected, dict):
        raise UsageError(
            ["--expected: found {!r}, valid: an object by the name of the check".format(expected)]
        )
    return expected

"""Rest until the board is as cool as at the start: a fixed time, or its own reference temperature."""

import argparse
import json

from edgebench_runner import cooldown
from edgebench_runner.telemetry import Board


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--method", choices=["reference", "fixed"], default="reference", help="default: %(default)s"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="length of a fixed rest")
    parser.add_argument(
        "--within-c", type=float, default=3.0, help="how near to the reference (default: %(default)s)"
    )
    parser.add_argument(
        "--reference-c", type=float, help="the reference; default: the one stored on this board"
    )
    parser.add_argument(
        "--deadline-s", type=float, default=600.0, help="rest no longer (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; exits with 1 where the board is still warm or its temperature is unknown."""
    names = ("method", "seconds", "within_c", "deadline_s", "reference_c")
    settings = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    result = cooldown.cool_down(settings, Board())
    print(json.dumps(result))
    return 0 if result["status"] == "cool" else 1

"""Take this board for one sweep, give it back, or show who has it.

Prints the lease as one JSON line. A board that another sweep holds exits with 3 and says who holds it.
"""

import argparse
import json
import sys

from edgebench_runner import lease
from edgebench_runner.errors import UsageError

_HELD_EXIT_CODE = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", choices=["acquire", "release", "show"])
    parser.add_argument("--owner", help="who asks, as a person would recognise it")
    parser.add_argument("--sweep", help="sweep id")
    parser.add_argument(
        "--ttl-s", type=float, default=3600.0, help="ends by itself after (default: %(default)s)"
    )
    parser.add_argument("--root", metavar="DIR", help="where leases are kept (default: the state directory)")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    needed = {"acquire": ["owner", "sweep"], "release": ["sweep"], "show": []}[arguments.action]
    missing = ["--{}: missing".format(name) for name in needed if not getattr(arguments, name)]
    if missing:
        raise UsageError(missing)
    try:
        print(json.dumps(_act(arguments)))
    except lease.HeldError as error:
        print(json.dumps(error.lease))
        sys.stderr.write("edgebench_runner: this board is {}\n".format(error))
        return _HELD_EXIT_CODE
    return 0


def _act(arguments: argparse.Namespace) -> object:
    if arguments.action == "acquire":
        return lease.acquire(arguments.owner, arguments.sweep, arguments.ttl_s, arguments.root)
    if arguments.action == "release":
        return {"released": lease.release(arguments.sweep, arguments.root)}
    return lease.show(arguments.root)

"""The command line: every module of ``analysis.verbs`` is a verb, found by its file name."""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from analysis import verbs
from analysis.errors import InputError

USAGE_ERROR = 2


class Verb(Protocol):
    """What a file in ``analysis/verbs/`` has to offer."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit status."""


def verb_names() -> list[str]:
    """Return the names that can be typed, in alphabetical order; ``host_impact.py`` is ``host-impact``."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(verbs.__path__))


def load_verb(name: str) -> Verb:
    """Import the verb called ``name``."""
    return cast(Verb, importlib.import_module(f"analysis.verbs.{name.replace('-', '_')}"))


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser; with ``only``, just that verb's module is imported, which keeps start-up short."""
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Analyse the results of sweeps.")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name in [only] if only else verb_names():
        verb = load_verb(name)
        subparser = subparsers.add_parser(name, help=verb.HELP, description=verb.HELP)
        verb.configure(subparser)
        subparser.set_defaults(run=verb.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb.

    Returns:
        0 when it did what it was asked, 1 when the answer is a red one, 2 when the input is at fault.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = arguments[0] if arguments and arguments[0] in verb_names() else None
    args = build_parser(named).parse_args(arguments)
    try:
        return int(args.run(args))
    except InputError as error:
        print(f"analysis {args.verb}: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # The reader of a pipe (head, less) left early; Python would complain again while closing standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # such as a full disk, or results that may only be read
        print(f"analysis {args.verb}: {error}", file=sys.stderr)
        return USAGE_ERROR

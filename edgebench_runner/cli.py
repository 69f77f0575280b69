"""The command line: every module of ``commands`` is one verb."""

import argparse
import sys
from typing import List, Optional

from edgebench_runner import __version__, plugins
from edgebench_runner.errors import UsageError


def parser(wanted: Optional[str] = None) -> argparse.ArgumentParser:
    """Return the parser with every command, or with the one that is wanted: a board need not load the others."""
    top = argparse.ArgumentParser(
        prog="edgebench_runner", description="Measures deep-learning inference on the board it runs on."
    )
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(dest="command", metavar="COMMAND")
    verbs.required = True
    names = plugins.names("commands")
    for name in [wanted] if wanted in names else names:
        command = plugins.load("commands", name)
        text = command.__doc__ or ""
        verb = verbs.add_parser(
            name,
            help=text.split("\n", 1)[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(verb)
        verb.set_defaults(run=command.run)
    return top


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code; bad input prints one line per mistake and gives 2."""
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = parser(arguments[0] if arguments else None).parse_args(arguments)
    try:
        return chosen.run(chosen)
    except UsageError as error:
        for problem in error.problems:
            sys.stderr.write("edgebench_runner: {}\n".format(problem))
        return error.exit_code
    except BrokenPipeError:
        return 0
    except (
        OSError
    ) as error:  # a file the user named, or a full disk: its name and the system's words say it all
        sys.stderr.write("edgebench_runner: {}: {}\n".format(error.filename or "system", error.strerror))
        return 1
    except KeyboardInterrupt:
        return 130

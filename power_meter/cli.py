"""Command line of the package; each command is a file in ``commands/``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from power_meter import registry
from power_meter.contract import MeterError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the meter or its data failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m power_meter", description="Record and simulate power meters."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in registry.command_names():
        module = registry.load_command(name)
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except MeterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # else the interpreter complains at its end
        return 1
    except KeyboardInterrupt:
        return 130

"""List the tasks."""

import argparse
import ast
import json
import pkgutil

from edgebench_runner import plugins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    entries = [{"name": name, "help": _help(name)} for name in plugins.names("tasks")]
    if arguments.json:
        print(json.dumps(entries, indent=1))
    else:
        for entry in entries:
            print("{name:16} {help}".format(**entry))
    return 0


def _help(name: str) -> str:
    """Return the first line of a task's docstring, without importing it: a task needs numpy."""
    source = pkgutil.get_data("edgebench_runner.tasks", name + ".py") or b""
    return (ast.get_docstring(ast.parse(source)) or "").split("\n", 1)[0]

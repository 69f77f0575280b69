"""List the backends, with version or the reason why each cannot run here."""

import argparse
import json

from edgebench_runner import backend_probe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", help="only this one (default: all)")
    parser.add_argument("--static", action="store_true", help="import no runtime: what each reads and takes")
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    parser.add_argument("--python", help="interpreter to look with (default: this one)")
    parser.add_argument(
        "--environments",
        metavar="DIR",
        help="look with each backend's own interpreter below this directory, such as .edgebench/boards/local/envs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    entries = backend_probe.catalogue(arguments.name)
    if not arguments.static:
        pythons = backend_probe.environments(arguments.environments) if arguments.environments else {}
        for entry in entries:
            python = pythons.get(entry["name"], arguments.python)
            entry.update(backend_probe.probe(entry["name"], python))
    if arguments.json:
        print(json.dumps(entries, indent=1))
        return 0
    for entry in entries:
        state = "" if arguments.static else entry["version"] or "not here: {}".format(entry["reason"])
        print("{:14} {:34} {}".format(entry["name"], ", ".join(entry["formats"]) or "-", state).rstrip())
    return 0

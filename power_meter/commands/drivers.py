"""``drivers``: the catalogue."""

from __future__ import annotations

import argparse
import json

from power_meter import registry

HELP = "list the drivers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Print the catalogue."""
    simulators = registry.simulator_names()
    entries = [
        registry.load_driver(name).INFO.describe() | {"simulator": name in simulators}
        for name in registry.driver_names()
    ]
    if arguments.json:
        print(json.dumps(entries, indent=1))
        return 0
    for entry in entries:
        simulator, rate = "simulator" if entry["simulator"] else "", f"{entry['update_hz']:g} Hz"
        print(f"{entry['name']:<16} {entry['transport']:<8} {rate:>8}  {simulator:<10} {entry['help']}")
    return 0

"""``list``: what is plugged in."""

from __future__ import annotations

import argparse
import json

from power_meter.ports import find_devices

HELP = "list serial ports and HID devices, with the drivers whose USB id they have"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON array")


def run(arguments: argparse.Namespace) -> int:
    """Print the ports. Nothing is opened: a probe could upset gear that is no meter."""
    devices = [device.describe() for device in find_devices()]
    if arguments.json:
        print(json.dumps(devices, indent=1))
        return 0
    for device in devices:
        candidates = ", ".join(device["drivers"]) or "-"
        print(
            f"{device['path']:<16} {device['usb_id'] or '-':<10} {device['product'] or '-':<28} {candidates}"
        )
    return 0

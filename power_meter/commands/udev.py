"""``udev``: the rules that give the meters' ports stable access."""

from __future__ import annotations

import argparse

from power_meter import registry
from power_meter.contract import DriverInfo

HELP = "print udev rules for all known meters: group access, and ModemManager kept away"
GROUPS = {"hid": ("hidraw", "plugdev"), "serial": ("tty", "dialout")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There is nothing to choose."""


def rules(info: DriverInfo) -> list[str]:
    """Return one rule for each USB id of a driver."""
    if info.transport not in GROUPS:
        return []
    subsystem, group = GROUPS[info.transport]
    lines = []
    for usb_id in info.usb_ids:
        vendor, product = usb_id.split(":")
        matches = [
            f'SUBSYSTEM=="{subsystem}"',
            f'ATTRS{{idVendor}}=="{vendor}"',
            f'ATTRS{{idProduct}}=="{product}"',
        ]
        if info.usb_manufacturer:
            matches.append(f'ATTRS{{manufacturer}}=="{info.usb_manufacturer}"')
        actions = [f'GROUP="{group}"', 'MODE="0660"', 'ENV{ID_MM_DEVICE_IGNORE}="1"']
        lines.append(", ".join([*matches, *actions, f'SYMLINK+="edgebench/{info.name}-%k"']))
    return lines


def run(arguments: argparse.Namespace) -> int:
    """Print the rules; the file must sort before 80, where ModemManager looks."""
    print("# Install as 71-edgebench-meters.rules.")
    for name in registry.driver_names():
        for line in rules(registry.load_driver(name).INFO):
            print(line)
    return 0

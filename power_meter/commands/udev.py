"""``udev``: the rules that give the meters' ports stable names and access."""

from __future__ import annotations

import argparse

from power_meter import registry
from power_meter.contract import DriverInfo

HELP = "print udev rules for all known meters: stable names, access for a group, ModemManager kept away"
GROUPS = {"hid": ("hidraw", "plugdev"), "serial": ("tty", "dialout")}
USB_GROUP = "plugdev"
HEADER = """\
# Power meters of edgebench. Install as 71-edgebench-meters.rules: before 73, where access is granted, and before 77,
# where ModemManager looks. Names: /dev/edgebench/<driver>-<serial number> and /dev/edgebench/<driver>-at-<socket>."""


def rules(info: DriverInfo, group: str | None = None) -> list[str]:
    """Return the rules for each USB id of a driver: for the device itself, its port, and its disk if it has one.

    Args:
        info: the driver.
        group: that gets access; unless given, what the system uses for such ports.
    """
    return [rule for usb_id in info.usb_ids for rule in _rules_of(info, usb_id, group)]


def _rules_of(info: DriverInfo, usb_id: str, group: str | None) -> list[str]:
    vendor, product = usb_id.split(":")
    ids = {"idVendor": vendor, "idProduct": product}
    if info.usb_manufacturer:
        ids["manufacturer"] = info.usb_manufacturer
    access = ['MODE="0660"', 'ENV{ID_MM_DEVICE_IGNORE}="1"']
    device = [
        'SUBSYSTEM=="usb"',
        'ENV{DEVTYPE}=="usb_device"',
        *(f'ATTR{{{k}}}=="{v}"' for k, v in ids.items()),
    ]
    # Suspended, a meter answers late; ModemManager asks the device, not its port, whether to stay away.
    lines = [", ".join([*device, f'GROUP="{group or USB_GROUP}"', *access, 'ATTR{power/control}="on"'])]
    parent = [f'ATTRS{{{key}}}=="{value}"' for key, value in ids.items()]
    if info.transport in GROUPS:
        subsystem, usual = GROUPS[info.transport]
        interface = [f'ENV{{ID_USB_INTERFACE_NUM}}=="*{info.usb_interface}"'] if info.usb_interface else []
        port = [f'SUBSYSTEM=="{subsystem}"', *parent, *interface]
        granted = [f'GROUP="{group or usual}"', *access, 'ENV{ID_MM_PORT_IGNORE}="1"']
        lines.append(", ".join([*port, *granted, f'SYMLINK+="edgebench/{info.name}-at-$id"']))
        if info.usb_serial_distinct:
            serial = ['ATTRS{serial}=="?*"', f'SYMLINK+="edgebench/{info.name}-$attr{{serial}}"']
            lines.append(", ".join([*port, *serial]))
    if info.usb_disk:
        lines.append(", ".join(['SUBSYSTEM=="block"', *parent, 'ENV{UDISKS_IGNORE}="1"']))
    return lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--group", help="group that gets access (default: plugdev for HID and USB, dialout for serial ports)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the rules."""
    print(HEADER)
    for name in registry.driver_names():
        for line in rules(registry.load_driver(name).INFO, arguments.group):
            print(line)
    return 0

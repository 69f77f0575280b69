"""Finds a meter's port by what it is, because numbers such as ttyACM0 change with every plug."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from power_meter import registry
from power_meter.contract import DriverInfo, MeterUnpluggedError, UsageError

SYS = Path("/sys")
PREFIXES = {"hid": "/dev/hidraw", "serial": "/dev/tty"}


@dataclass(frozen=True)
class UsbDevice:
    """A device node on the USB bus.

    ``location`` is the bus position (``1-1.4:1.0``), stable for one socket.
    """

    path: str
    usb_id: str | None
    serial: str | None
    manufacturer: str | None
    product: str | None
    location: str | None

    def describe(self) -> dict[str, Any]:
        """Return the JSON object of ``list``."""
        infos = (registry.load_driver(name).INFO for name in registry.driver_names())
        return asdict(self) | {"drivers": [info.name for info in infos if self.usb_id in info.usb_ids]}


def _usb_parent(node: Path) -> Path | None:
    return next((parent for parent in node.resolve().parents if (parent / "idVendor").is_file()), None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _describe(path: str, node: Path) -> UsbDevice:
    parent = _usb_parent(node)
    if parent is None:
        return UsbDevice(path, None, None, None, None, None)
    interface = node.resolve()
    while interface.parent != parent:
        interface = interface.parent
    usb_id = f"{_text(parent / 'idVendor')}:{_text(parent / 'idProduct')}"
    names = [_text(parent / name) for name in ("serial", "manufacturer", "product")]
    return UsbDevice(path, usb_id, names[0], names[1], names[2], interface.name)


def find_devices(sys_root: Path = SYS) -> list[UsbDevice]:
    """Return every serial port that has hardware behind it and every HID device, sorted by path."""
    found = []
    for kind in ("tty", "hidraw"):
        for entry in sorted((sys_root / "class" / kind).glob("*")):
            if (entry / "device").exists():
                device = _describe(f"/dev/{entry.name}", entry / "device")
                if kind == "hidraw" or device.usb_id:
                    found.append(device)
    return found


def resolve(port: str, info: DriverInfo, devices: Iterable[UsbDevice] | None = None) -> str:
    """Return the path or URL that ``port`` means at this moment.

    A meter on no serial or HID port finds its own way, by ``port`` as it is. Else that is a path, a pyserial URL or
    ``bulk:VID:PID[:SERIAL]`` (a USB device itself), taken as they are; ``auto`` (the only device with the driver's
    USB id); ``usb:VID:PID`` or ``usb:VID:PID:SERIAL``; or ``location:1-1.4`` (a socket of the machine).

    Raises:
        UsageError: the text is none of these.
        MeterUnpluggedError: nothing fits, or more than one device does.
    """
    if info.transport not in PREFIXES or port.startswith(("/", "bulk:")) or "://" in port:
        return port
    kind, _, rest = port.partition(":")
    if port != "auto" and (kind not in ("usb", "location") or not rest):
        raise UsageError(f"port {port!r}: valid: /dev/…, auto, usb:VID:PID[:SERIAL], location:BUS-PORT")
    known = list(find_devices() if devices is None else devices)
    prefix = PREFIXES[info.transport]
    matching = [device for device in known if device.path.startswith(prefix) and _fits(device, port, info)]
    if len(matching) != 1:
        names = ", ".join(device.path for device in matching) or "none"
        raise MeterUnpluggedError(
            f"port {port!r} of driver {info.name}: exactly one device must fit, found {names}"
        )
    return matching[0].path


def _fits(device: UsbDevice, port: str, info: DriverInfo) -> bool:
    kind, _, rest = port.partition(":")
    if info.usb_interface and not (device.location or "").endswith(info.usb_interface):
        return False
    if kind == "location":
        return device.location is not None and device.location.split(":")[0] == rest
    if kind == "usb":
        usb_id, serial = ":".join(rest.split(":")[:2]).lower(), ":".join(rest.split(":")[2:])
        return device.usb_id == usb_id and (not serial or device.serial == serial)
    made_by = info.usb_manufacturer is None or device.manufacturer == info.usb_manufacturer
    return device.usb_id in info.usb_ids and made_by

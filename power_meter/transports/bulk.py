"""USB bulk endpoints through PyUSB, for what a meter offers on no HID interface."""

from __future__ import annotations

import time
from typing import Any

from power_meter.contract import MeterUnpluggedError, UsageError
from power_meter.optional import library

VENDOR_CLASS = 0xFF
PACKET_BYTES = 4096
TIMEOUT_MS = 200


class BulkPort:
    """Whole packets over the vendor interface of ``bulk:VID:PID[:SERIAL]``. The device is never reset."""

    def __init__(self, port: str) -> None:
        self.path = port
        self._core, self._util = library("usb.core", "bulk"), library("usb.util", "bulk")
        vendor, product, serial = _parts(port)
        try:
            found = self._core.find(
                idVendor=vendor,
                idProduct=product,
                custom_match=lambda device: not serial or device.serial_number == serial,
            )
            if found is None:
                raise MeterUnpluggedError(f"port {port}: no such device")
            self._device = found
            self._interface = self._claim()
        except (self._core.USBError, self._core.NoBackendError, ValueError) as error:
            raise MeterUnpluggedError(f"port {port}: {error}") from error
        self._in, self._out = (self._endpoint(direction) for direction in ("IN", "OUT"))

    def _claim(self) -> Any:
        """Take the vendor interface, found by its class, from the kernel's driver (``powerz``)."""
        configuration = self._device.get_active_configuration()
        interface = self._util.find_descriptor(configuration, bInterfaceClass=VENDOR_CLASS)
        if interface is None:
            raise MeterUnpluggedError(f"port {self.path}: has no vendor interface")
        number = interface.bInterfaceNumber
        if self._device.is_kernel_driver_active(number):
            self._device.detach_kernel_driver(number)
        self._util.claim_interface(self._device, number)
        return interface

    def _endpoint(self, direction: str) -> Any:
        wanted = getattr(self._util, f"ENDPOINT_{direction}")
        found = self._util.find_descriptor(
            self._interface,
            custom_match=lambda each: self._util.endpoint_direction(each.bEndpointAddress) == wanted,
        )
        if found is None:
            raise MeterUnpluggedError(f"port {self.path}: its vendor interface has no endpoint {direction}")
        return found

    def write(self, packet: bytes) -> None:
        """Send one packet."""
        try:
            self._out.write(packet, TIMEOUT_MS)
        except self._core.USBError as error:
            raise MeterUnpluggedError(f"port {self.path}: {error}") from error

    def read_packets(self, timeout_s: float) -> list[bytes]:
        """Return the packet that arrives within ``timeout_s``, in a list, or an empty one."""
        try:
            return [bytes(self._in.read(PACKET_BYTES, max(1, round(timeout_s * 1000))))]
        except self._core.USBTimeoutError:
            return []
        except self._core.USBError as error:
            raise MeterUnpluggedError(f"port {self.path}: {error}") from error

    def drain(self, idle_s: float = 0.05, packets: int = 200) -> None:
        """Read until nothing comes for ``idle_s``."""
        end_s = time.monotonic() + packets * idle_s
        while time.monotonic() < end_s and self.read_packets(idle_s):
            pass

    def close(self) -> None:
        """Give the interface back."""
        self._util.dispose_resources(self._device)


def _parts(port: str) -> tuple[int, int, str]:
    try:
        _, vendor, product, *serial = port.split(":", 3)
        return int(vendor, 16), int(product, 16), serial[0] if serial else ""
    except ValueError as error:
        raise UsageError(f"port {port!r}: valid: bulk:VID:PID[:SERIAL]") from error

"""Packet ports: HID devices through Linux hidraw, and local sockets behind which simulated ones sit."""

from __future__ import annotations

import os
import select
import socket
import stat
from pathlib import Path

from power_meter.contract import MeterUnpluggedError

PACKET_BYTES = 4096
REPORT_ID = b"\x00"


class PacketPort:
    """Whole packets to and from a device, without any library.

    A device node of hidraw wants a report number before each packet; a simulated meter's socket
    (SOCK_SEQPACKET) does not.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket: socket.socket | None = None
        try:
            if stat.S_ISSOCK(Path(path).stat().st_mode):
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                self._socket.connect(str(Path(path).resolve()))  # the path of a socket must be short
                self._socket.setblocking(False)
                self._fd = self._socket.fileno()
            else:
                self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if self._socket is not None:
                self._socket.close()
            raise MeterUnpluggedError(f"port {path}: {error.strerror}") from error

    def write(self, packet: bytes) -> None:
        """Send one packet."""
        try:
            os.write(self._fd, packet if self._socket else REPORT_ID + packet)
        except OSError as error:
            raise MeterUnpluggedError(f"port {self.path}: {error.strerror}") from error

    def read_packets(self, timeout_s: float) -> list[bytes]:
        """Return every packet that has arrived, waiting up to ``timeout_s`` for the first."""
        packets: list[bytes] = []
        try:
            while select.select([self._fd], [], [], 0.0 if packets else timeout_s)[0]:
                packet = os.read(self._fd, PACKET_BYTES)
                if not packet:
                    raise MeterUnpluggedError(f"port {self.path}: the device has gone")
                packets.append(packet)
        except OSError as error:
            raise MeterUnpluggedError(f"port {self.path}: {error.strerror}") from error
        return packets

    def drain(self, idle_s: float = 0.05, packets: int = 200) -> None:
        """Read until nothing comes for ``idle_s``; some meters freeze when left with data unread."""
        while packets > 0 and (got := self.read_packets(idle_s)):
            packets -= len(got)

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._socket is not None:
            self._socket.close()
        elif self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

"""A serial port (USB CDC-ACM, RFCOMM or a pseudo-terminal) through pyserial."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from power_meter.contract import MeterUnpluggedError

if TYPE_CHECKING:
    import serial


class SerialPort:
    """Bytes to and from a serial port, with every way of losing it reported as MeterUnpluggedError."""

    def __init__(self, path: str, baudrate: int, timeout_s: float) -> None:
        import serial  # lazily: the catalogue of drivers must not need it

        self._error: tuple[type[Exception], ...] = (serial.SerialException, OSError, TypeError)
        try:
            self._port: serial.Serial = serial.serial_for_url(
                path, baudrate=baudrate, timeout=timeout_s, write_timeout=timeout_s, exclusive=True
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise MeterUnpluggedError(f"port {path}: {error}") from error
        self.path = path

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._port.write(data)
        except self._error as error:
            raise MeterUnpluggedError(f"port {self.path}: {error}") from error

    def read_exactly(self, size: int, deadline_s: float) -> bytes:
        """Return ``size`` bytes, or fewer when ``deadline_s`` (time.monotonic) passes first."""
        data = b""
        try:
            while len(data) < size:
                remaining = deadline_s - time.monotonic()
                if remaining <= 0:
                    break
                self._port.timeout = remaining
                data += self._port.read(size - len(data))
        except self._error as error:
            raise MeterUnpluggedError(f"port {self.path}: {error}") from error
        return data

    def read_available(self, timeout_s: float) -> bytes:
        """Return everything that has arrived, waiting up to ``timeout_s`` for the first byte."""
        try:
            self._port.timeout = timeout_s
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except self._error as error:
            raise MeterUnpluggedError(f"port {self.path}: {error}") from error

    def drain(self, idle_s: float = 0.05, limit_s: float = 1.0) -> None:
        """Discard input until the line has been idle for ``idle_s``, at most ``limit_s``."""
        end = time.monotonic() + limit_s
        while self.read_available(idle_s) and time.monotonic() < end:
            pass

    def close(self) -> None:
        """Close the port."""
        self._port.close()

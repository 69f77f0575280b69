"""A line protocol over TCP, or over a local socket behind which a simulated instrument sits."""

from __future__ import annotations

import socket
import time

from power_meter.contract import MeterUnpluggedError, UsageError

LONGEST_LINE = 65536


class LinePort:
    """Lines to and from ``tcp://HOST:PORT`` or the path of a local socket."""

    def __init__(self, port: str, timeout_s: float) -> None:
        self.port = port
        self._waiting = b""
        try:
            if port.startswith("tcp://"):
                self._socket = socket.create_connection(_address(port), timeout_s)
            else:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.settimeout(timeout_s)
                self._socket.connect(port)
        except OSError as error:
            raise MeterUnpluggedError(f"port {port}: {error.strerror or error}") from error

    def write(self, line: str) -> None:
        """Send one line."""
        try:
            self._socket.sendall(line.encode("ascii") + b"\r\n")
        except OSError as error:
            raise MeterUnpluggedError(f"port {self.port}: {error.strerror or error}") from error

    def read(self, within_s: float) -> str | None:
        """Return the next line without its end, or None when it does not come in time."""
        deadline_s = time.monotonic() + within_s
        while b"\n" not in self._waiting:
            remaining = deadline_s - time.monotonic()
            if remaining <= 0:
                return None
            self._receive(remaining)
        line, _, self._waiting = self._waiting.partition(b"\n")
        return line.decode("ascii", "replace").rstrip("\r")

    def _receive(self, within_s: float) -> None:
        self._socket.settimeout(within_s)
        try:
            data = self._socket.recv(4096)
        except TimeoutError:
            return
        except OSError as error:
            raise MeterUnpluggedError(f"port {self.port}: {error.strerror or error}") from error
        if not data:
            raise MeterUnpluggedError(f"port {self.port}: the connection was closed")
        self._waiting += data
        if len(self._waiting) > LONGEST_LINE and b"\n" not in self._waiting:
            raise MeterUnpluggedError(f"port {self.port}: sends no lines")

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._socket.close()


def _address(port: str) -> tuple[str, int]:
    host, _, number = port.removeprefix("tcp://").rpartition(":")
    if not host or not number.isdigit():
        raise UsageError(f"port {port!r}: valid: tcp://HOST:PORT")
    return host, int(number)

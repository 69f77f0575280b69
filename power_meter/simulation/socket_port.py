"""A local socket that stands for a HID or bulk meter (one packet a message, as on USB) or for a network port."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from pathlib import Path

from power_meter.contract import UsageError


class SocketPort:
    """A listening socket at ``link`` that serves one host at a time: of packets, or of bytes for a network meter."""

    def __init__(self, link: Path, transport: str) -> None:
        self._link = link
        self._listener: socket.socket | None = None
        self._host: socket.socket | None = None
        self._home: Path | None = None
        self._kind = socket.SOCK_STREAM if transport == "network" else socket.SOCK_SEQPACKET
        self._opened = False

    @property
    def plugged(self) -> bool:
        """Tell whether the socket is there."""
        return self._listener is not None

    @property
    def descriptors(self) -> list[int]:
        """File descriptors to wait on."""
        return [end.fileno() for end in (self._listener, self._host) if end is not None]

    def plug(self) -> None:
        """Listen; the link points to the socket, whose own path must be short.

        Raises:
            UsageError: the link cannot be made, or something that is no link stands at its path.
        """
        if self._link.exists() and not self._link.is_symlink():
            raise UsageError(f"--link {self._link}: exists and is no symbolic link; it is left alone")
        self._home = Path(tempfile.mkdtemp(prefix="meter-"))
        self._listener = socket.socket(socket.AF_UNIX, self._kind)
        self._listener.bind(str(self._home / "port"))
        self._listener.listen(1)
        try:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._home / "port")
        except OSError as error:
            raise UsageError(f"--link {self._link}: {error.strerror}") from error

    def unplug(self) -> None:
        """Close everything; the host sees the device go."""
        for end in (self._host, self._listener):
            if end is not None:
                end.close()
        if self._home is not None:
            self._link.unlink(missing_ok=True)
            shutil.rmtree(self._home)
        self._host = self._listener = self._home = None

    def read(self, ready: list[int]) -> list[bytes]:
        """Return the packets the host has sent, letting a new host in."""
        packets = []
        if self._host is not None and self._host.fileno() in ready:
            try:
                packet = self._host.recv(4096)
            except ConnectionError:
                packet = b""
            if packet:
                packets.append(packet)
            else:
                self._host.close()
                self._host = None
        if self._listener is not None and self._listener.fileno() in ready and self._host is None:
            self._host, _ = self._listener.accept()
            self._host.setblocking(False)
            self._opened = True
        return packets

    def take_opened(self) -> bool:
        """See the protocol."""
        opened, self._opened = self._opened, False
        return opened

    def write(self, packets: list[bytes]) -> None:
        """Send to the host, if there is one; what its buffer cannot take is lost, as on USB."""
        for packet in packets if self._host is not None else []:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                self._host.send(packet)  # type: ignore[union-attr]

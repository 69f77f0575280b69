"""A pseudo-terminal that stands for a serial meter."""

from __future__ import annotations

import contextlib
import errno
import os
import tty
from pathlib import Path

from power_meter.contract import UsageError

METER_BUFFER_BYTES = 65536


class PtyPort:
    """A pseudo-terminal that ``link`` points to."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master = self._slave = -1
        self._waiting = bytearray()
        self._name = ""
        self._held: list[int] = []

    @property
    def plugged(self) -> bool:
        """Tell whether the terminal is open."""
        return self._master >= 0

    @property
    def descriptors(self) -> list[int]:
        """File descriptors to wait on."""
        return [self._master] if self.plugged else []

    def plug(self) -> None:
        """Open a new terminal and point the link to it. After an unplugging its number is another one.

        Raises:
            UsageError: the link cannot be made, or something that is no link stands at its path.
        """
        if self._link.exists() and not self._link.is_symlink():
            raise UsageError(f"--link {self._link}: exists and is no symbolic link; it is left alone")
        self._master, self._slave = self._terminal()  # the slave stays open: reads fail until a host opens it
        self._name = os.ttyname(self._slave)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        temporary = self._link.with_name(self._link.name + ".new")
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(os.ttyname(self._slave))
            temporary.replace(self._link)
        except OSError as error:
            raise UsageError(f"--link {self._link}: {error.strerror}") from error

    def _terminal(self) -> tuple[int, int]:
        master, slave = os.openpty()
        if os.ttyname(slave) != self._name:
            return master, slave
        self._held += [master, slave]  # the kernel gave the old number again: keep it taken
        return os.openpty()

    def take_opened(self) -> bool:
        """See the protocol; a terminal does not tell."""
        return False

    def unplug(self) -> None:
        """Close the terminal; the link disappears with it."""
        if not self.plugged:
            return
        if self._link.is_symlink() and str(self._link.readlink()) == os.ttyname(self._slave):
            self._link.unlink()
        os.close(self._master)
        os.close(self._slave)
        for descriptor in self._held:
            os.close(descriptor)
        self._held.clear()
        self._master = self._slave = -1
        self._waiting.clear()

    def read(self, ready: list[int]) -> list[bytes]:
        """Return what the host has sent."""
        if self._master not in ready:
            return []
        try:
            return [os.read(self._master, 4096)]
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return []
            raise

    def write(self, packets: list[bytes]) -> None:
        """Send to the host; what it does not fetch waits in the meter, and when that is full, packets are lost."""
        for packet in packets:
            if len(self._waiting) + len(packet) <= METER_BUFFER_BYTES:
                self._waiting += packet
        if self._waiting and self.plugged:
            with contextlib.suppress(BlockingIOError):
                del self._waiting[: os.write(self._master, self._waiting)]

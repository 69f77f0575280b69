"""Throttle bits of a Raspberry Pi's firmware, without starting a process.

Bit 0 under-voltage now, 1 frequency capped, 2 throttled, 3 soft temperature limit; 16 to 19 since boot.
"""

import fcntl
import glob
import os
import struct
from typing import Dict, Optional

from edgebench_runner.probes import read_text

_SYSFS = "/sys/devices/platform/soc/soc:firmware/get_throttled"
_VCIO = "/dev/vcio"
_TAG_GET_THROTTLED = 0x00030046
_PROPERTY_IOCTL = (3 << 30) | (struct.calcsize("P") << 16) | (100 << 8)  # _IOWR(100, 0, char *)


class Probe(object):
    """Reads the bits from the firmware driver's file, else through the firmware's mailbox."""

    def __init__(self, sysfs: str = _SYSFS, vcio: str = _VCIO) -> None:
        self._sysfs = next(iter(glob.glob(sysfs)), None)
        self._vcio = vcio if os.path.exists(vcio) else None

    def read(self) -> Dict:
        """Return ``throttled``, or nothing where the board has no such firmware."""
        if self._sysfs:
            return {"throttled": _from_sysfs(self._sysfs)}
        return {"throttled": _from_mailbox(self._vcio)} if self._vcio else {}


def advice(kind: str) -> str:
    """Say what to do where the bits cannot be read, which only a Raspberry Pi has."""
    if kind.startswith("raspberry_pi"):
        return "run as root or in the group video"
    return "only a Raspberry Pi has them; see supply, temperature and the record's frequencies"


def _from_sysfs(path: str) -> Optional[int]:
    text = read_text(path)  # hexadecimal, without 0x
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None


def _from_mailbox(path: str) -> Optional[int]:
    message = bytearray(struct.pack("=7I", 28, 0, _TAG_GET_THROTTLED, 4, 0, 0, 0))
    try:
        device = os.open(path, os.O_RDONLY)
        try:
            fcntl.ioctl(device, _PROPERTY_IOCTL, message, True)
        finally:
            os.close(device)
    except OSError:
        return None
    values = struct.unpack("=7I", message)
    return values[5] if values[1] == 0x80000000 else None

"""Checksums that meters use."""

from __future__ import annotations

from functools import reduce
from operator import xor


def _table(polynomial: int, bits: int, reflected: bool) -> list[int]:
    mask, top = (1 << bits) - 1, 1 << (bits - 1)
    table = []
    for value in range(256):
        register = value if reflected else value << (bits - 8)
        for _ in range(8):
            if reflected:
                register = (register >> 1) ^ (polynomial if register & 1 else 0)
            else:
                register = ((register << 1) ^ (polynomial if register & top else 0)) & mask
        table.append(register)
    return table


_MODBUS = _table(0xA001, 16, reflected=True)
_FNIRSI = _table(0x39, 8, reflected=False)


def crc16_modbus(data: bytes) -> int:
    """Return CRC-16/MODBUS (polynomial A001 reflected, initial FFFF); of ``123456789`` it is 0x4B37."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ _MODBUS[(register ^ byte) & 0xFF]
    return register


def crc8_fnirsi(data: bytes) -> int:
    """Return FNIRSI's CRC-8 (polynomial 39, initial 42, not reflected); of ``123456789`` it is 0x4B."""
    register = 0x42
    for byte in data:
        register = _FNIRSI[register ^ byte]
    return register


def xor_bytes(data: bytes) -> int:
    """Return the exclusive or of all bytes."""
    return reduce(xor, data, 0)

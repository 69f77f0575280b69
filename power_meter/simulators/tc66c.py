"""Simulated RDTech TC66C, written from the published layout: ASCII commands in, 192 encrypted bytes out."""

from __future__ import annotations

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

COMMANDS = (b"query", b"getva", b"lastp", b"nextp", b"rotat")
AES_KEY = bytes.fromhex("5821FA56 01B2F026 87FF1204 622A4FB0 86F40260 816F9A0B A7F10661 9AB87288")


def modbus_crc(data: bytes) -> int:
    """Return CRC-16/MODBUS, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def _block(fields: dict[int, bytes]) -> bytes:
    body = bytearray(60)
    for offset, value in fields.items():
        body[offset : offset + len(value)] = value
    return bytes(body) + modbus_crc(bytes(body)).to_bytes(4, "little")


def _u32(value: float) -> bytes:
    return min(max(round(value), 0), 0xFFFFFFFF).to_bytes(4, "little")


def plain_frame(
    shown: Quantities, d_line_v: float, serial: int = 12345678, runs: int = 7, firmware: bytes = b"1.16"
) -> bytes:
    """Return the 192 bytes before encryption."""
    resistance = shown.voltage_v / shown.current_a if shown.current_a > 0 else 0.0
    first = {0: b"pac1TC66" + firmware, 12: _u32(serial), 44: _u32(runs), 48: _u32(shown.voltage_v * 1e4)}
    first |= {52: _u32(shown.current_a * 1e5), 56: _u32(shown.power_w * 1e4)}
    second = {
        0: b"pac2",
        4: _u32(resistance * 10),
        8: _u32(shown.charge_ah * 1e3),
        12: _u32(shown.energy_wh * 1e3),
    }
    second |= {24: _u32(shown.temperature_c < 0), 28: _u32(abs(shown.temperature_c))}
    second |= {32: _u32(d_line_v * 100), 36: _u32(d_line_v * 100)}
    return _block(first) + _block(second) + _block({0: b"pac3"})


def encrypt(plain: bytes) -> bytes:
    """Return the bytes as the meter sends them."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(AES_KEY), modes.ECB()).encryptor()
    return cipher.update(plain) + cipher.finalize()


class SimulatedTC66C(SimulatedDevice):
    """Answers 80 to 100 ms after a command with values smoothed over half a second."""

    own_faults = ("boot",)
    properties = MeterProperties(update_s=0.1, boxcar_s=0.5, lag_s=0.02, noise_w=0.002)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._line = b""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take commands with or without line ends; anything else is ignored."""
        self._line = (self._line + data)[-64:]
        while True:
            found = [(at, command) for command in COMMANDS if (at := self._line.find(command)) >= 0]
            if not found:
                return
            at, command = min(found)
            self._line = self._line[at + len(command) :]
            self._obey(command, now_s)

    def _obey(self, command: bytes, now_s: float) -> None:
        answer_s = now_s + self.random.uniform(0.080, 0.100)
        booting = self.faults.active("boot", now_s)
        if command == b"query":
            self.send(b"boot" if booting else b"firm", answer_s)
        elif command == b"getva" and not booting:
            self.send(lambda at_s: encrypt(plain_frame(self.model.at(at_s), 0.6)), answer_s)


SIMULATOR = SimulatedTC66C

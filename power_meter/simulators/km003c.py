"""Simulated POWER-Z KM003C, written from the published packet layout.

ADC polls and the authenticated queue.
"""

from __future__ import annotations

import struct
import zlib

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

HARDWARE_ID = bytes(range(0x30, 0x3C))
KEYS = {"memory": b"Lh2yfB7n6X7d9a5Z", "stream": b"Fa0b4tA25f4R038a"}
TICK_STEPS = (500, 100, 20, 1)
QUEUE_LIMIT = 48


def _cipher(name: str, data: bytes, encrypt: bool) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    context = Cipher(algorithms.AES(KEYS[name]), modes.ECB())
    worker = context.encryptor() if encrypt else context.decryptor()
    return worker.update(data) + worker.finalize()


def _micro(value: float) -> bytes:
    return round(value * 1e6).to_bytes(4, "little", signed=True)


def put_data(transaction: int, attribute: int, unit: int, count: int, content: bytes) -> bytes:
    """Return a data packet: header with its length, extended header with the unit's size, content."""
    words = (8 + len(content)) // 4 - 3
    header = 0x41 | transaction << 8 | (words & 0x3FF) << 22
    chunk = count if attribute == 2 else 0
    extended = attribute | chunk << 16 | unit << 22
    return header.to_bytes(4, "little") + extended.to_bytes(4, "little") + content


def adc_packet(transaction: int, shown: Quantities, rate_index: int = 1) -> bytes:
    """Return the answer to an ADC poll."""
    pair = _micro(shown.voltage_v) + _micro(shown.current_a)
    content = pair * 3 + round(shown.temperature_c * 128).to_bytes(2, "little", signed=True)
    content += b"".join(value.to_bytes(2, "little") for value in (10000, 0, 6000, 6000, 33000))
    content += bytes([rate_index, 0]) + b"".join(value.to_bytes(2, "little") for value in (0, 600, 600))
    return put_data(transaction, 1, 44, 0, content)


class SimulatedKM003C(SimulatedDevice):
    """Answers polls at once; fills its queue only for a host that has authenticated."""

    transport = "hid"
    own_faults = ("gap",)
    properties = MeterProperties(update_s=0.001, noise_w=0.002)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._authenticated = False
        self._step: int | None = None
        self._next_tick = 0
        self._queue: list[bytes] = []

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey one packet; reject what is not known."""
        if len(data) < 4:
            return
        kind, transaction = data[0] & 0x7F, data[1]
        at_s = now_s + 0.0006
        attribute = int.from_bytes(data[2:4], "little") >> 1
        if kind == 0x0C and attribute == 1:
            self.send(lambda moment: adc_packet(transaction, self.model.at(moment)), at_s)
        elif kind == 0x0C and attribute == 2:
            self._empty_queue(transaction, now_s)
        elif kind == 0x44 and len(data) == 36:
            self._show_memory(data, at_s)
        elif kind == 0x4C and len(data) == 36:
            self._authenticated = _cipher("stream", data[4:], encrypt=False)[8:20] == HARDWARE_ID
            self.send(bytes([0x4C, transaction, 0x03 if self._authenticated else 0x01, 0x02]), at_s)
        elif kind in (0x02, 0x03, 0x0E, 0x0F):
            if kind == 0x0E:
                self._step, self._next_tick = TICK_STEPS[attribute & 3], int(now_s * 1000) + 1
            elif kind in (0x03, 0x0F):
                self._step = None
            self.send(bytes([0x05, transaction, 0, 0]), at_s)
        else:
            self.send(bytes([0x06, transaction, 0, 0]), at_s)

    def _show_memory(self, data: bytes, at_s: float) -> None:
        plain = _cipher("memory", data[4:], encrypt=False)
        if struct.unpack("<I", plain[12:16])[0] != zlib.crc32(plain[:12]):
            self.send(bytes([0x06, data[1], 0, 0]), at_s)
            return
        self.send(bytes([0xC4, data[1], 1, 1]) + plain[:16], at_s)
        self.send(_cipher("memory", HARDWARE_ID.ljust(16, b"\xff"), encrypt=True), at_s)

    def advance(self, now_s: float) -> None:
        """Fill the queue up to now."""
        self.model.at(max(now_s, 0.0)) if self._step is None else self._fill_queue(now_s)

    def _fill_queue(self, now_s: float) -> None:
        while self._step is not None and self._next_tick <= now_s * 1000:
            shown = self.model.at(self._next_tick / 1000)
            if self._authenticated and not self.faults.active("gap", self._next_tick / 1000):
                head = (self._next_tick % 65536).to_bytes(2, "little") + b"\x3c\x00"
                lines = b"".join(value.to_bytes(2, "little") for value in (410, 1000, 600, 600))
                self._queue.append(head + _micro(shown.voltage_v) + _micro(shown.current_a) + lines)
            self._next_tick += self._step
        self._queue = self._queue[-2 * QUEUE_LIMIT :]

    def _empty_queue(self, transaction: int, now_s: float) -> None:
        self._fill_queue(now_s)
        ready, self._queue = self._queue[:QUEUE_LIMIT], self._queue[QUEUE_LIMIT:]
        self.send(put_data(transaction, 2, 20, len(ready), b"".join(ready)), now_s + 0.001)

    def next_event_s(self) -> float:
        """Return when the queue wants filling; between polls the meter can wait."""
        return self._next_tick / 1000 + 0.02 if self._step is not None else self.model.next_update_s() + 0.05


SIMULATOR = SimulatedKM003C

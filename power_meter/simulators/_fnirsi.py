"""The simulated FNIRSI family, written from the published report layout."""

from __future__ import annotations

import math
from typing import ClassVar

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

PACKET_S, SAMPLE_S, STREAM_S = 0.04, 0.01, 1.0
OPENS = 5
GARBAGE = (18_800_000, 17_000_000)  # 188 V and 170 A, as seen after an unclean end


def crc8(data: bytes) -> int:
    """Return the CRC with polynomial 39 and initial value 42, bit by bit."""
    crc = 0x42
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ 0x39 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def report(kind: int, content: bytes) -> bytes:
    """Return a 64-byte report with its CRC."""
    body = (bytes([0xAA, kind]) + content).ljust(63, b"\0")
    return body + bytes([crc8(body[1:])])


def data_report(samples: list[Quantities], d_line_v: float = 0.6) -> bytes:
    """Return the report of four samples, oldest first."""
    content = b""
    for shown in samples:
        content += round(shown.voltage_v * 1e5).to_bytes(4, "little") + round(shown.current_a * 1e5).to_bytes(
            4, "little"
        )
        content += 2 * round(d_line_v * 1e3).to_bytes(2, "little") + b"\x01"
        content += round(shown.temperature_c * 10).to_bytes(2, "little")
    return report(0x04, content)


class SimulatedFnirsi(SimulatedDevice):
    """Streams 25 reports a second for one second after each start or extension."""

    transport = "hid"
    own_faults = ("hang",)
    interpolates: ClassVar[bool] = False
    properties = MeterProperties(update_s=0.01, boxcar_s=0.12, lag_s=0.01, noise_w=0.004)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._until_s = -1.0
        self._next_s = 0.0
        self._fresh = True
        self._samples: list[Quantities] = []
        self._opens = 0
        self._hung = False

    def opened(self, now_s: float) -> None:
        """A meter that is opened again and again hangs in the end."""
        self._opens += 1
        self._hung |= self._opens > OPENS and self.faults.active("hang", now_s)

    def plugged(self) -> None:
        """Only this ends a hang."""
        self._opens, self._hung, self._until_s, self._fresh = 0, False, -1.0, True

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey one report; a damaged one is ignored."""
        if self._hung or len(data) != 64 or data[0] != 0xAA or crc8(data[1:63]) != data[63]:
            return
        running = now_s < self._until_s
        if data[1] == 0x81:
            self.send(report(0x03, b"FNIRSI"), now_s + 0.002)
        elif data[1] == 0x82:
            if not running:
                self._next_s, self._samples = now_s + SAMPLE_S, []
            self._until_s = now_s + STREAM_S
        elif data[1] == 0x83 and running:
            self._until_s = now_s + STREAM_S

    def advance(self, now_s: float) -> None:
        """Take a sample every 10 ms and send every fourth time."""
        while self._next_s <= min(now_s, self._until_s):
            self._samples.append(self.model.at(self._next_s))
            if len(self._samples) == 4:
                self._send_report(self._next_s)
            self._next_s += SAMPLE_S

    def next_event_s(self) -> float:
        """Return when the next report is due; a silent meter has nothing to do."""
        return self._next_s if self._next_s <= self._until_s else math.inf

    def _send_report(self, at_s: float) -> None:
        samples, self._samples = self._samples, []
        if self.interpolates:
            first, last = samples[0], samples[-1]
            samples = [_between(first, last, k / 3) for k in range(4)]
        content = data_report(samples)
        if self._fresh:
            volts, amperes = (value.to_bytes(4, "little") for value in GARBAGE)
            content, self._fresh = report(0x04, (volts + amperes + bytes(7)) * 4), False
        self.send(content, at_s)


def _between(first: Quantities, last: Quantities, share: float) -> Quantities:
    return Quantities(*(a + share * (b - a) for a, b in zip(first, last, strict=True)))

"""Simulated CT-3 / Shizuku, written from the published frame layout."""

from __future__ import annotations

import math
import struct

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties

DRIFT = 20e-6  # of the meter's crystal
BOOTED_BEFORE_S = 40.0
FILLER = bytes(8)  # fields between current and time that nobody has named yet
CHUNK_S = 0.01  # frames leave together, as USB joins them


def wrap(payload: bytes) -> bytes:
    """Return A5, length, payload, exclusive or, 5A."""
    check = 0
    for byte in payload:
        check ^= byte
    return b"".join(
        [b"\xa5", len(payload).to_bytes(4, "little", signed=True), payload, bytes([check]), b"\x5a"]
    )


def data_payload(voltage_v: float, current_a: float, request: int, microseconds: int) -> bytes:
    """Return the payload of one sample."""
    head = bytes([4, 0, request, 0]) + struct.pack("<f", voltage_v) + struct.pack("<f", current_a)
    return head + FILLER + microseconds.to_bytes(8, "little")


class SimulatedShizuku(SimulatedDevice):
    """Pushes at the period asked for; frames are joined and cut without regard to their borders."""

    own_faults = ("gap", "stale")
    properties = MeterProperties(update_s=0.001, noise_w=0.002)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._input = b""
        self._request: int | None = None
        self._period_s = 0.001
        self._next_s = 0.0
        self._next_chunk_s = 0.0

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey every whole frame."""
        self._input += data
        while (at := self._input.find(b"\xa5")) >= 0 and len(self._input) >= at + 5:
            size = int.from_bytes(self._input[at + 1 : at + 5], "little", signed=True)
            if not 0 < size < 64:
                self._input = self._input[at + 1 :]
                continue
            if len(self._input) < at + 7 + size:
                return
            self._obey(self._input[at + 5 : at + 5 + size], now_s)
            self._input = self._input[at + 7 + size :]

    def _obey(self, payload: bytes, now_s: float) -> None:
        _, command, request, _ = payload[:4]
        self.send(wrap(bytes([1, command, request, 0x80])), now_s + 0.001)
        if command == 7:
            self._request = None
        elif command == 9:
            self._request = request
            self._period_s = max(int.from_bytes(payload[4:8], "little"), 1) / 1000
            self._next_s = now_s + self._period_s
            self._next_chunk_s = now_s + CHUNK_S

    def advance(self, now_s: float) -> None:
        """Push all samples up to now, joined into one packet."""
        if self._request is None or now_s < self._next_chunk_s:
            return
        frames = []
        while self._next_s <= now_s:
            shown = self.model.at(self._next_s)
            microseconds = round((self._next_s * (1 + DRIFT) + BOOTED_BEFORE_S) * 1e6)
            request = (
                (self._request - 1) % 256 if self.faults.active("stale", self._next_s) else self._request
            )
            if not self.faults.active("gap", self._next_s):
                frames.append(wrap(data_payload(shown.voltage_v, shown.current_a, request, microseconds)))
            self._next_s += self._period_s
        self._next_chunk_s = now_s + CHUNK_S
        joined = b"".join(frames)
        cut = self.random.randrange(len(joined) + 1)
        for piece in (joined[:cut], joined[cut:]):
            if piece:
                self.send(piece, now_s)

    def next_event_s(self) -> float:
        """Return when the next packet leaves."""
        return self._next_chunk_s if self._request is not None else math.inf


SIMULATOR = SimulatedShizuku

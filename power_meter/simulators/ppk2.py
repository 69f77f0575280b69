"""Simulated Nordic PPK2, written from the published command table and stream layout."""

from __future__ import annotations

import math
import struct

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties

SHUNTS = {0: 1031.64, 1: 101.65, 2: 10.15, 3: 0.94, 4: 0.043}
LSB_V = 1.8 / 163840
FULL_SCALE = (1 << 14) - 1
WORDS_PER_MS = 100
CHUNK_MS = 4
LENGTHS = {0x0D: 3, 0x11: 2, 0x0C: 2}  # commands longer than one byte
LOGIC = 0b1010_0000


def word(current_a: float, counter: int, logic: int = 0) -> int:
    """Return the 32 bits of one reading, in the most sensitive range that holds it, with unit modifiers."""
    x = (math.sqrt(1 + 4 * max(current_a, 0.0)) - 1) / 2  # of x * (x + 1) = current
    steps = {number: round(x * ohms / LSB_V / 4) for number, ohms in SHUNTS.items()}
    number = next((number for number, count in steps.items() if count <= FULL_SCALE), max(SHUNTS))
    return min(steps[number], FULL_SCALE) | number << 14 | (counter & 63) << 18 | (logic & 255) << 24


def metadata() -> bytes:
    """Return the text that describes the unit."""
    lines = ["Calibrated: 0"] + [f"R{number}: {ohms:.4f}" for number, ohms in SHUNTS.items()]
    for name, value in {"GS": 1, "GI": 1, "O": 0, "S": 0, "I": 0, "UG": 1}.items():
        lines += [f"{name}{number}: {value:.4f}" for number in SHUNTS]
    return ("\n".join([*lines, "HW: 9173", "IA: 56", "END"]) + "\n").encode()


class SimulatedPPK2(SimulatedDevice):
    """Streams from the start command on; a gap loses words, as a busy hub does."""

    own_faults = ("gap",)
    properties = MeterProperties(update_s=0.001, noise_w=0.001, voltage_v=5.0, source_ohm=0.0)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._input = b""
        self._next_ms: int | None = None
        self._counter = 0

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey every whole command."""
        self._input += data
        while self._input and len(self._input) >= (size := LENGTHS.get(self._input[0], 1)):
            command, self._input = self._input[0], self._input[size:]
            if command == 0x19:
                self.send(metadata(), now_s + 0.005)
            elif command == 0x06:
                self._next_ms = int(now_s * 1000) + 1
            elif command in (0x07, 0x20):
                self._next_ms = None

    def advance(self, now_s: float) -> None:
        """Send what was measured since the last packet."""
        if self._next_ms is None or now_s * 1000 < self._next_ms + CHUNK_MS:
            return
        words: list[int] = []
        while self._next_ms <= now_s * 1000 - 1:
            at_s = self._next_ms / 1000
            shown = self.model.at(at_s)
            base = word(shown.current_a, 0, LOGIC)
            fresh = [base | ((self._counter + k) & 63) << 18 for k in range(WORDS_PER_MS)]
            words += fresh[::2] if self.faults.active("gap", at_s) else fresh
            self._counter += WORDS_PER_MS
            self._next_ms += 1
        self.send(struct.pack(f"<{len(words)}I", *words), now_s)

    def next_event_s(self) -> float:
        """Return when the next packet leaves."""
        return (self._next_ms + CHUNK_MS) / 1000 if self._next_ms is not None else math.inf


SIMULATOR = SimulatedPPK2

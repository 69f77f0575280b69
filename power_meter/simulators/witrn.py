"""Simulated WITRN meter, written from the published packet layout."""

from __future__ import annotations

import struct

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

PERIOD_S = 0.01
STARTED_AT_MS = 250_000  # so that the 256 s wrap comes soon


def packet(shown: Quantities, clock_ms: int, run_s: int = 100, d_line_v: float = 0.3) -> bytes:
    """Return the 64 bytes of one measurement at ``clock_ms`` of the meter."""
    seconds, fraction = divmod(clock_ms, 1000)
    head = bytes([0xFF, 0x55, seconds % 256, fraction % 256])
    head += bytes([clock_ms // 30 % 128, clock_ms // 100 % 256, clock_ms % 100, clock_ms // 80 % 256])
    body = bytearray(54)
    body[0], body[1] = 0x1A, 52
    for offset, value in {
        14: shown.charge_ah,
        18: shown.energy_wh,
        30: d_line_v,
        34: d_line_v,
        38: 25.0,
    }.items():
        struct.pack_into("<f", body, offset - 8, value)
    for offset, value in {42: 25.0, 46: shown.voltage_v, 50: shown.current_a}.items():
        struct.pack_into("<f", body, offset - 8, value)
    struct.pack_into("<I", body, 22 - 8, 100)
    struct.pack_into("<I", body, 26 - 8, run_s)
    payload_sum = sum(body) % 256
    return head + bytes(body) + bytes([payload_sum, (sum(head) + payload_sum) % 256])


class SimulatedWitrn(SimulatedDevice):
    """Pushes a packet every 10 ms, asked or not."""

    transport = "hid"
    own_faults = ("gap",)
    properties = MeterProperties(update_s=PERIOD_S, noise_w=0.003)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._next_s = 0.0

    def receive(self, data: bytes, now_s: float) -> None:
        """There is nothing to say to it."""

    def advance(self, now_s: float) -> None:
        """Queue every packet up to now."""
        while self._next_s <= now_s:
            clock_ms = STARTED_AT_MS + round(self._next_s * 1000)
            if not self.faults.active("gap", self._next_s):
                shown = self.model.at(self._next_s)
                self.send(packet(shown, clock_ms, run_s=int(self._next_s)), self._next_s)
            self._next_s += PERIOD_S

    def next_event_s(self) -> float:
        """Return when the next packet is due."""
        return self._next_s


SIMULATOR = SimulatedWitrn

"""The digital half of a simulated meter, without any input or output of its own."""

from __future__ import annotations

import heapq
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from power_meter.simulation.faults import Faults
from power_meter.simulation.model import MeterModel, MeterProperties

Packet = bytes | Callable[[float], bytes]


class SimulatedDevice(ABC):
    """Takes what the host sends and says what the meter answers, and when.

    Times are the simulator's seconds.
    """

    transport: ClassVar[str] = "serial"
    own_faults: ClassVar[tuple[str, ...]] = ()  # what this meter can show besides what every one can
    properties: ClassVar[MeterProperties]

    def __init__(self, model: MeterModel, faults: Faults | None = None, seed: int = 1) -> None:
        self.model = model
        self.faults = faults or Faults([])
        self.random = random.Random(seed)
        self._outbox: list[tuple[float, int, Packet, bool]] = []
        self._sent = 0

    @abstractmethod
    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes, or for HID one report, from the host."""

    def advance(self, now_s: float) -> None:
        """Let the meter work until ``now_s``: refresh its values and, where it pushes, queue packets."""
        self.model.at(now_s)

    def opened(self, now_s: float) -> None:  # noqa: B027 - most meters do not care
        """A host has opened the port."""

    def plugged(self) -> None:  # noqa: B027 - as above
        """The meter was plugged in, and so has restarted."""

    def next_event_s(self) -> float:
        """Return when the device wants to be advanced next."""
        return self.model.next_update_s()

    def send(self, packet: Packet, at_s: float) -> None:
        """Queue one packet for ``at_s``; a function is called with that time to fill it when it is sent."""
        self._sent += 1
        heapq.heappush(self._outbox, (at_s, self._sent, packet, True))

    def send_piece(self, data: bytes, at_s: float) -> None:
        """Queue a part of a frame, to which faults have been applied already."""
        self._sent += 1
        heapq.heappush(self._outbox, (at_s, self._sent, data, False))

    def transmit(self, now_s: float) -> list[bytes]:
        """Return the packets that are due, after the faults of the moment."""
        due = []
        while self._outbox and self._outbox[0][0] <= now_s:
            at_s, _, packet, faulty = heapq.heappop(self._outbox)
            data = packet(at_s) if callable(packet) else packet
            due.extend(self.faults.apply(data, at_s) if faulty else [data])
        return due

    def next_due_s(self) -> float:
        """Return when the next packet is due or the meter refreshes."""
        return min(self._outbox[0][0], self.next_event_s()) if self._outbox else self.next_event_s()

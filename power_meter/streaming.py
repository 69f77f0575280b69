"""What meters share that push measurements by themselves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from power_meter.contract import Decoder, Meter, MeterError, Reading, Sample
from power_meter.device_clock import DeviceClock

FIRST_WITHIN_S = 2.0


class StreamingMeter(Meter):
    """Feeds what arrives to a decoder and gives the readings host times.

    A subclass opens its port, sets ``decoder`` and implements ``receive``.
    """

    decoder: Decoder

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.newest: Reading | None = None
        self._clock = DeviceClock()
        self._last_ns = 0

    @property
    def counters(self) -> Counter[str]:
        """See the base class."""
        return self.decoder.counters

    def receive(self) -> Iterable[bytes]:
        """Return what has arrived, waiting about 0.3 s at most."""
        raise NotImplementedError

    def wait_for_first(self) -> Reading:
        """Return the first valid reading.

        Raises:
            MeterError: there is none in time.
        """
        deadline_s = time.monotonic() + FIRST_WITHIN_S
        while time.monotonic() < deadline_s:
            if self.read() and self.newest is not None:
                return self.newest
        reason = self.decoder.last_reason or "silence"
        raise MeterError(f"port {self.port}: no {self.info.name} sends there ({reason})")

    def read(self) -> list[Sample]:
        """See the base class."""
        samples: list[Sample] = []
        for data in self.receive():
            readings = self.decoder.feed(data)
            if readings:
                samples += self._stamp(readings, time.monotonic_ns())
                self.newest = readings[-1]
        return samples

    def _stamp(self, readings: list[Reading], arrival_ns: int) -> list[Sample]:
        if readings[-1].device_ns is not None:
            times = self._clock.stamp([reading.device_ns or 0 for reading in readings], arrival_ns)
        else:
            times = []
            for reading in readings:
                self._last_ns = max(arrival_ns - reading.age_ns, self._last_ns + 1)
                times.append(self._last_ns)
        return [
            Sample(t_ns, reading[0], reading[1], reading[2], reading[3], reading[4])
            for t_ns, reading in zip(times, readings, strict=True)
        ]

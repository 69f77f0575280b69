"""What meters share that answer one request with one frame on a serial port."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import Counter
from typing import Any, ClassVar

from power_meter.contract import Decoder, Meter, MeterError, Reading, Sample
from power_meter.pacing import Pace
from power_meter.transports.serial_port import SerialPort


class PolledSerialMeter(Meter):
    """Asks, waits for a frame of known length, asks again.

    A bad frame is counted and the line left to fall silent.
    """

    request: ClassVar[bytes]
    frame_bytes: ClassVar[int]
    baudrate: ClassVar[int]
    answer_within_s: ClassVar[float]
    shortest_period_s: ClassVar[float] = 0.0

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.decoder = self.make_decoder()
        self.newest: Reading | None = None
        self.serial = SerialPort(port, self.baudrate, self.answer_within_s)
        self._pace = Pace(self.shortest_period_s)

    @abstractmethod
    def make_decoder(self) -> Decoder:
        """Return a new decoder of this meter's frames."""

    @property
    def counters(self) -> Counter[str]:
        """See the base class."""
        return self.decoder.counters

    def first_reading(self) -> Reading:
        """Return the first valid frame.

        Raises:
            MeterError: three requests brought none.
        """
        self.serial.drain()
        if not any(self.read() for _ in range(3)) or self.newest is None:
            reason = self.decoder.last_reason or "silence"
            raise MeterError(f"port {self.port}: no {self.info.name} answers there ({reason})")
        return self.newest

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class. A rate above the meter's own would only repeat values."""
        self._pace = Pace(max(1 / rate_hz if rate_hz else 0.0, self.shortest_period_s))

    def read(self) -> list[Sample]:
        """See the base class."""
        self._pace.wait()
        if self.serial.read_available(
            0.0
        ):  # an answer that came twice would be taken for the next one, and so on
            self.decoder.counters["resyncs"] += 1
        self.serial.write(self.request)
        data = self.serial.read_exactly(self.frame_bytes, time.monotonic() + self.answer_within_s)
        t_ns = time.monotonic_ns()
        readings = self.decoder.feed(data)
        if not readings:
            self.decoder.finish()
            self.serial.drain()
            return []
        self.newest = readings[-1]
        return [Sample(t_ns, *reading[:3]) for reading in readings]

    def close(self) -> None:
        """See the base class."""
        self.serial.close()

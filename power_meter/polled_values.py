"""What meters share that are read as numbers: kernel files, a command's output."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import Counter
from typing import Any

from power_meter.contract import Meter, MeterError, Sample
from power_meter.pacing import Pace


class PolledValuesMeter(Meter):
    """Calls ``measure`` at a fixed rate; a failed reading is counted and yields nothing."""

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self._counters: Counter[str] = Counter(frames=0, read_errors=0)
        self._pace = Pace(1 / self.info.caps.nominal_hz)

    @abstractmethod
    def measure(self) -> tuple[float, float, float]:
        """Return volts, amperes and watts of now; raise OSError or MeterError when that fails."""

    @property
    def counters(self) -> Counter[str]:
        """See the base class."""
        return self._counters

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class."""
        self._pace = Pace(1 / min(rate_hz or self.caps.nominal_hz, self.caps.nominal_hz))

    def read(self) -> list[Sample]:
        """See the base class. The time is the middle of the reading."""
        self._pace.wait()
        begin_ns = time.monotonic_ns()
        try:
            values = self.measure()
        except (OSError, MeterError):
            self._counters["read_errors"] += 1
            self.check_present()
            return []
        self._counters["frames"] += 1
        return [Sample((begin_ns + time.monotonic_ns()) // 2, *values)]

    def check_present(self) -> None:
        """Raise MeterUnpluggedError when the source has gone for good."""

    def close(self) -> None:
        """See the base class; nothing is held open."""

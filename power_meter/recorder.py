"""Records one meter for as long as it is wanted, whatever the meter does."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from power_meter.contract import Flag, Meter, MeterError, MeterUnpluggedError, Sample
from power_meter.trace import TraceWriter

FLUSH_S = 0.25
CLOCK_S = 10.0
SYNC_S = 10.0
ACCUMULATOR_S = 10.0
BACKOFF_S = (0.2, 5.0)
QUEUE_BATCHES = 20_000
FAULT_EVENTS = {"checksum_errors": "checksum", "short_frames": "short_frame", "resyncs": "resync"}

Entry = tuple[str, Any]


class Statistics:
    """Counts over the whole recording; ``effective_hz`` is the rate of distinct values, not of polls."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter(
            frames=0, checksum_errors=0, short_frames=0, resyncs=0, implausible=0, reconnects=0, duplicates=0
        )
        self.counters.update(samples=0, overruns=0)
        self._first_ns: int | None = None
        self._last_ns = 0
        self._distinct = 0
        self._previous: tuple[float, float] | None = None

    def add(self, samples: list[Sample]) -> None:
        """Count samples; equal neighbours, and those the meter interpolated, are not distinct."""
        for sample in samples:
            values = (sample.voltage_v, sample.current_a)
            if values == self._previous:
                self.counters["duplicates"] += 1
            elif not sample.flags & Flag.INTERPOLATED:
                self._distinct += 1
            self._previous = values
        self.counters["samples"] += len(samples)
        self._first_ns = samples[0].t_ns if self._first_ns is None else self._first_ns
        self._last_ns = samples[-1].t_ns

    def summary(self) -> dict[str, Any]:
        """Return the content of ``summary.json``."""
        span_s = (self._last_ns - (self._first_ns or 0)) / 1e9
        effective = (self._distinct - 1) / span_s if self._distinct > 1 and span_s > 0 else None
        return {"schema": "edgebench/power_summary/1", **self.counters, "effective_hz": effective}


class Recorder:
    """Reads in the calling thread and writes in another, so that a slow disk never makes the meter wait.

    Args:
        open_meter: opens the meter anew; called for every reconnection, so it resolves the port each time.
        writer: where samples and events go.
        wanted: asked several times a second; None to go on, else the reason to stop.
    """

    def __init__(
        self,
        open_meter: Callable[[], Meter],
        writer: TraceWriter,
        wanted: Callable[[], str | None],
        rate_hz: float | None,
    ) -> None:
        self._open_meter = open_meter
        self._writer = writer
        self._wanted = wanted
        self._rate_hz = rate_hz
        self._queue: queue.Queue[Entry | None] = queue.Queue(QUEUE_BATCHES)
        self._seen: Counter[str] = Counter()
        self._last_sample_ns: int | None = None
        self._silent = False
        self._next_accumulator_s = 0.0
        self._write_error: Exception | None = None
        self.statistics = Statistics()

    def run(self, meter: Meter) -> dict[str, Any]:
        """Record, beginning with the meter already open, until no longer wanted; return the summary."""
        thread = threading.Thread(target=self._write, name="trace-writer")
        thread.start()
        current: Meter | None = meter
        self._event("start")
        try:
            while (reason := self._wanted()) is None and self._write_error is None:
                current = self._session(current) if current else self._reconnect()
            self._event("stop", reason=reason or f"write failed: {self._write_error}")
        finally:
            if current:
                _close_quietly(current)
            self._queue.put(None)
            thread.join()
        if self._write_error:
            raise self._write_error
        return self.statistics.summary()

    def _session(self, meter: Meter) -> Meter | None:
        """Read until no longer wanted (returns the meter) or until the meter is lost (returns None)."""
        try:
            meter.start(self._rate_hz)
            self._seen = Counter()
            while self._wanted() is None and self._write_error is None:
                self._take(meter, meter.read())
            self._accumulators(meter)
            meter.stop()
        except MeterUnpluggedError as error:
            self._event("unplugged", reason=str(error))
        except MeterError as error:
            self._event("failed", reason=str(error))
        else:
            return meter
        _close_quietly(meter)
        return None

    def _take(self, meter: Meter, samples: list[Sample]) -> None:
        now_ns = time.monotonic_ns()
        limit_ns = max(1.0, 5 / meter.caps.update_hz) * 1e9
        if samples:
            if self._last_sample_ns and samples[0].t_ns - self._last_sample_ns > limit_ns:
                self._event("gap", seconds=(samples[0].t_ns - self._last_sample_ns) / 1e9)
            self._last_sample_ns, self._silent = samples[-1].t_ns, False
            self.statistics.add(samples)
            self._put(("samples", samples))
            if time.monotonic() >= self._next_accumulator_s:
                self._accumulators(meter)
        elif not self._silent and now_ns - (self._last_sample_ns or now_ns) > limit_ns:
            self._silent = True
            self._event("silence")
        self._count(meter)

    def _accumulators(self, meter: Meter) -> None:
        values = meter.take_accumulators()
        if values is not None:
            self._event("accumulator", **values)
        self._next_accumulator_s = time.monotonic() + ACCUMULATOR_S

    def _count(self, meter: Meter) -> None:
        """Take over what the meter's decoder has counted since the last look."""
        counters = meter.counters
        if counters == self._seen:
            return
        for name, total in counters.items():
            fresh = total - self._seen[name]
            self.statistics.counters[name] += fresh
            if fresh and name in FAULT_EVENTS:
                self._event(FAULT_EVENTS[name], count=fresh)
        self._seen = Counter(counters)

    def _reconnect(self) -> Meter | None:
        delay_s, longest_s = BACKOFF_S
        while self._wanted() is None:
            try:
                meter = self._open_meter()
            except MeterError:
                _sleep_while(lambda: self._wanted() is None, delay_s)
                delay_s = min(2 * delay_s, longest_s)
                continue
            self.statistics.counters["reconnects"] += 1
            self._event("reconnect", port=meter.port)
            return meter
        return None

    def _event(self, name: str, **fields: Any) -> None:
        self._put(("event", (name, time.monotonic_ns(), fields)))

    def _put(self, entry: Entry) -> None:
        try:
            self._queue.put_nowait(entry)
        except queue.Full:
            self.statistics.counters["overruns"] += 1

    def _write(self) -> None:
        try:
            self._write_until_closed()
        except OSError as error:
            self._write_error = error
            while self._queue.get() is not None:
                pass

    def _write_until_closed(self) -> None:
        next_clock_s = next_sync_s = 0.0
        closed = False
        while not closed:
            now_s = time.monotonic()
            if now_s >= next_clock_s:
                self._writer.clock()
                next_clock_s = now_s + CLOCK_S
            if now_s >= next_sync_s:
                self._writer.sync()
                next_sync_s = now_s + SYNC_S
            closed = self._write_waiting()
            if not closed:
                time.sleep(FLUSH_S)
        self._writer.clock()

    def _write_waiting(self) -> bool:
        """Write all that waits in the queue; return whether the end was among it."""
        samples: list[Sample] = []
        closed = False
        while not closed and not self._queue.empty():
            entry = self._queue.get_nowait()
            if entry is None:
                closed = True
            elif entry[0] == "samples":
                samples.extend(entry[1])
            else:
                name, t_ns, fields = entry[1]
                self._writer.event(name, t_ns, **fields)
        if samples:
            self._writer.samples(samples)
        return closed


def _sleep_while(condition: Callable[[], bool], seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while condition() and (remaining := end_s - time.monotonic()) > 0:
        time.sleep(min(remaining, 0.2))


def _close_quietly(meter: Meter) -> None:
    """Close a meter that may be gone already."""
    try:
        meter.close()
    except (MeterError, OSError):
        return

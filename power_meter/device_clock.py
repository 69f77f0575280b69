"""Converts a meter's own clock into the host's, using that a packet can arrive late but never early."""

from __future__ import annotations

from collections import deque

BUCKET_NS = 5_000_000_000
BUCKETS = 24
BUCKETS_FOR_SLOPE = 6
RESTART_NS = 1_000_000_000


class DeviceClock:
    """Follows the lower envelope of (arrival - device time), which is what the host's delays cannot disturb.

    The smallest delay of every five seconds is kept for two minutes. A line through them takes up the drift of the
    meter's crystal, and is moved down until none lies below it. A correction is spread out: an interval between two
    samples differs by at most a tenth from what the meter says, so a hole in the times is a hole in the data.
    """

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, int]] = deque(maxlen=BUCKETS)
        self._bucket_start: int | None = None
        self._slope, self._offset, self._reference = 0.0, 0, 0
        self._last: tuple[int, int] | None = None

    def stamp(self, device_ns: list[int], arrival_ns: int) -> list[int]:
        """Return host times for a batch of device times, oldest first, that was complete at ``arrival_ns``."""
        newest = device_ns[-1]
        if self._bucket_start is None or abs(arrival_ns - newest - self._delay(newest)) > RESTART_NS:
            self._restart(newest, arrival_ns)
        self._observe(newest, arrival_ns - newest)
        return [self._slewed(moment, moment + self._delay(moment)) for moment in device_ns]

    def _slewed(self, device_ns: int, target_ns: int) -> int:
        if self._last is None:
            stamp = target_ns
        else:
            last_device_ns, last_ns = self._last
            step = max(device_ns - last_device_ns, 1)
            slack = step // 10
            stamp = min(max(target_ns, last_ns + step - slack), last_ns + step + slack)
        self._last = (device_ns, stamp)
        return stamp

    def _delay(self, device_ns: int) -> int:
        return self._offset + round(self._slope * (device_ns - self._reference))

    def _restart(self, device_ns: int, arrival_ns: int) -> None:
        """Begin anew: the meter was restarted, or its clock wrapped."""
        self._buckets.clear()
        self._bucket_start = device_ns
        self._slope, self._offset, self._reference = 0.0, arrival_ns - device_ns, device_ns
        self._last = None

    def _observe(self, device_ns: int, delay_ns: int) -> None:
        if not self._buckets or device_ns - (self._bucket_start or 0) >= BUCKET_NS:
            self._bucket_start = device_ns
            self._buckets.append((device_ns, delay_ns))
            self._fit()
        elif delay_ns < self._buckets[-1][1]:
            self._buckets[-1] = (device_ns, delay_ns)
            self._fit()

    def _fit(self) -> None:
        self._reference = self._buckets[0][0]
        moments = [moment - self._reference for moment, _ in self._buckets]
        delays = [delay - self._buckets[0][1] for _, delay in self._buckets]
        closed = len(moments) - 1  # the newest bucket may not have seen a short delay yet
        self._slope = _slope(moments[:closed], delays[:closed]) if closed >= BUCKETS_FOR_SLOPE else 0.0
        lowest = min(delay - self._slope * moment for moment, delay in zip(moments, delays, strict=True))
        self._offset = self._buckets[0][1] + round(lowest)


def _slope(x: list[int], y: list[int]) -> float:
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    squares = sum((a - mean_x) ** 2 for a in x)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / squares

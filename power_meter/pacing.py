"""Absolute deadlines: a poll that comes late does not delay those that follow."""

from __future__ import annotations

import time


class Pace:
    """Waits until the next multiple of a period; 0 means without waiting."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._next_s = time.monotonic()

    def wait(self) -> None:
        """Sleep until the next deadline; deadlines already past are left out, not made up for."""
        if not self._period_s:
            return
        now_s = time.monotonic()
        if now_s < self._next_s:
            time.sleep(self._next_s - now_s)
        missed = max(0, int((now_s - self._next_s) / self._period_s))
        self._next_s += (missed + 1) * self._period_s

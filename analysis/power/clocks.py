"""Relates the board's monotonic clock to the clock of a power trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from analysis.power.trace import Trace

REALTIME_UNCERTAINTY_NS = 400_000_000  # the bound that MLPerf asks of hosts disciplined by NTP


@dataclass(frozen=True)
class ClockRelation:
    """``trace = board + offset + rate * (board - reference)``, within ``uncertainty_ns`` (half of the
    interval).

    ``trusted`` is False for a relation that only a fit of load pulses can confirm.
    """

    method: str
    offset_ns: float
    uncertainty_ns: float
    rate: float = 0.0
    reference_ns: int = 0
    trusted: bool = True

    @overload
    def to_trace_ns(self, board_ns: int) -> int: ...
    @overload
    def to_trace_ns(self, board_ns: NDArray[np.int64]) -> NDArray[np.int64]: ...

    def to_trace_ns(self, board_ns: int | NDArray[np.int64]) -> int | NDArray[np.int64]:
        """Convert a moment of the board, or an array of them, into the trace's clock."""
        moved = board_ns + (self.offset_ns + self.rate * (board_ns - self.reference_ns))
        return np.rint(moved).astype(np.int64) if isinstance(moved, np.ndarray) else round(moved)


def relate(record: dict[str, Any], controller: dict[str, Any] | None, trace: Trace) -> ClockRelation | None:
    """Return how the two clocks relate, by the best evidence there is, or None.

    One machine (equal boot ids) has one clock. Else the controller's exchanges with the board, if the meter
    is the controller's. Else both hosts' times of day, which are not trusted without pulses.
    """
    meter_boot = trace.meter.get("boot_id")
    if meter_boot is not None and meter_boot == record.get("boot_id"):
        return ClockRelation("same_machine", 0.0, 0.0)
    if (
        controller is not None
        and meter_boot is not None
        and controller.get("controller_boot_id") == meter_boot
    ):
        relation = _from_exchanges(controller.get("clock_exchanges") or {})
        if relation is not None:
            return relation
    return _from_realtime(record, trace)


def _from_exchanges(exchanges: dict[str, Any]) -> ClockRelation | None:
    best = [_shortest(exchanges.get(when) or []) for when in ("before", "after")]
    known = [exchange for exchange in best if exchange is not None]
    if not known:
        return None
    offset, reference, uncertainty = known[0]
    if len(known) == 1 or known[1][1] == reference:
        return ClockRelation("exchange", offset, uncertainty, 0.0, reference)
    rate = (known[1][0] - offset) / (known[1][1] - reference)
    return ClockRelation("exchanges", offset, max(uncertainty, known[1][2]), rate, reference)


def _shortest(exchanges: list[dict[str, int]]) -> tuple[float, int, float] | None:
    """Return offset, board time and uncertainty of the exchange with the shortest round trip."""
    if not exchanges:
        return None
    best = min(exchanges, key=lambda exchange: exchange["t1_ns"] - exchange["t0_ns"])
    half_trip = (best["t1_ns"] - best["t0_ns"]) / 2
    return best["t0_ns"] + half_trip - best["board_ns"], best["board_ns"], half_trip


def _from_realtime(record: dict[str, Any], trace: Trace) -> ClockRelation | None:
    pairs = [event for event in trace.events if event["event"] == "clock"]
    readings = record.get("clock") or []
    if not pairs or not readings:
        return None
    board = readings[0]
    nearest = min(pairs, key=lambda pair: abs(pair["realtime_ns"] - board["realtime_ns"]))
    offset = (nearest["t_ns"] - nearest["realtime_ns"]) - (board["monotonic_ns"] - board["realtime_ns"])
    return ClockRelation("realtime", offset, REALTIME_UNCERTAINTY_NS, trusted=False)

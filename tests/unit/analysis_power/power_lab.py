"""A laboratory whose true power is known: a load, a meter that looks at it, and the files both would leave."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PULSES_S = (1.0, 2.0, 1.5, 1.0, 2.5, 1.5, 1.0, 2.0)
RECORD = np.dtype([("t_ns", "<i8"), ("voltage_v", "<f4"), ("current_a", "<f4"), ("power_w", "<f4")])


@dataclass
class SteppedLoad:
    """Constant power between ``edges_s``; ``powers_w`` has one entry more, for before the first and after the last."""

    edges_s: np.ndarray
    powers_w: np.ndarray

    def energy_j(self, until_s):
        knots = np.concatenate([[self.edges_s[0] - 1e4], self.edges_s, [self.edges_s[-1] + 1e4]])
        energy = np.concatenate([[0.0], np.cumsum(np.diff(knots) * self.powers_w)])
        return np.interp(until_s, knots, energy)


@dataclass
class SeenBy:
    """A meter: sampling rate, refresh rate, moving average, lag, gain error, noise; gaps as (start_s, end_s)."""

    rate_hz: float = 10.0
    update_hz: float = 10.0
    boxcar_s: float = 0.5
    lag_s: float = 0.02
    gain: float = 1.0
    noise_w: float = 0.03
    gaps_s: list = field(default_factory=list)
    group_delay_s: float = 0.25

    def samples(self, load, start_s, end_s, rng):
        """Return times and power of every sample, in true time."""
        polls = np.arange(start_s + rng.uniform(0, 1 / self.rate_hz), end_s, 1 / self.rate_hz)
        refreshed = (
            np.floor(polls * self.update_hz) / self.update_hz if self.update_hz < self.rate_hz else polls
        )
        moments, inverse = np.unique(refreshed, return_inverse=True)
        ends, width = moments - self.lag_s, max(self.boxcar_s, 1e-6)
        power = self.gain * (load.energy_j(ends) - load.energy_j(ends - width)) / width
        power = (power + rng.normal(0, self.noise_w, len(power)))[inverse]
        kept = np.ones(len(polls), bool)
        for gap_start, gap_end in self.gaps_s:
            kept &= (polls < gap_start) | (polls > gap_end)
        return polls[kept], power[kept]

    def caps(self):
        return {
            "nominal_hz": self.rate_hz,
            "update_hz": self.update_hz,
            "group_delay_s": self.group_delay_s,
            "v_resolution": 1e-4,
            "i_resolution": 1e-5,
            "v_range": 30.0,
            "i_range": 6.0,
            "u_v_pct": 0.5,
            "u_i_pct": 1.0,
        }


def write_trace(directory: Path, times_s, power_w, caps, boot_id="meter", events=(), offset_s=0.0, **meter):
    """Write a trace directory; ``offset_s`` is what the meter host's clock shows at true time 0."""
    directory.mkdir(parents=True, exist_ok=True)
    head = {"schema": "edgebench/power_trace/1", "meter": "m1", "driver": "tc66c", "scope": "dc_input"}
    head |= {"simulated": True, "caps": caps, "boot_id": boot_id, **meter}
    (directory / "meter.json").write_text(json.dumps(head))
    records = np.empty(len(times_s), RECORD)
    records["t_ns"] = np.rint((np.asarray(times_s) + offset_s) * 1e9)
    records["voltage_v"] = 5.0
    records["current_a"] = np.asarray(power_w) / 5.0
    records["power_w"] = power_w
    records.tofile(directory / "trace.bin")
    (directory / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return directory


def ns(seconds):
    return round(seconds * 1e9)


def pulses_from(start_s):
    """Return the pulses of one preamble and its end."""
    edges = start_s + np.concatenate([[0.0], np.cumsum(PULSES_S)])
    return [(edges[k], edges[k + 1]) for k in range(0, len(PULSES_S), 2)], edges[-1]


def record_of(phases_s, n_completed, pulses=None, boot_id="board", board_offset_s=0.0):
    """Return a cell record; times are true seconds, written in a board clock that shows ``board_offset_s`` at 0."""

    def stamp(seconds):
        return ns(seconds + board_offset_s)

    return {
        "boot_id": boot_id,
        "n_completed": n_completed,
        "phases": [{"name": n, "start_ns": stamp(a), "end_ns": stamp(b)} for n, a, b in phases_s],
        "pulses": pulses and {k: [[stamp(a), stamp(b)] for a, b in group] for k, group in pulses.items()},
        "clock": [{"event": "start", "monotonic_ns": stamp(0), "realtime_ns": ns(1.7e9)}],
    }


def exchange(true_s, round_trip_s, share_out, board_offset_s, controller_offset_s):
    """Return one clock exchange whose way out took ``share_out`` of the round trip."""
    t0 = true_s + controller_offset_s
    board = true_s + share_out * round_trip_s + board_offset_s
    return {"t0_ns": ns(t0), "board_ns": ns(board), "t1_ns": ns(t0 + round_trip_s)}

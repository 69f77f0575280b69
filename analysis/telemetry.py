"""What the board said about itself while a cell ran: temperature, frequency, throttling."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.cells import Cell

# What slows a Raspberry Pi down now: a capped frequency, throttling, the soft limit of temperature. A supply that is
# too low (bit 0) is a reason of validity of its own; the high half of the bits says what has happened since boot.
THROTTLED_NOW_BITS = 0b1110


def read_telemetry(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of ``telemetry.jsonl``; a torn or foreign line is passed over, a missing file has none."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                sample = json.loads(line)
            except ValueError:
                continue
            if isinstance(sample, dict) and isinstance(sample.get("t_ns"), int):
                yield sample


def hottest_c(sample: Mapping[str, Any] | None) -> float | None:
    """Return the highest temperature of a sample, or None when it has none."""
    return max(_numbers((sample or {}).get("temperature_c")), default=None)


def slowest_hz(sample: Mapping[str, Any] | None) -> float | None:
    """Return the lowest clock frequency of a sample, or None when it has none."""
    return min(_numbers((sample or {}).get("frequency_hz")), default=None)


def throttled_now(sample: Mapping[str, Any]) -> bool | None:
    """Return whether the board was being slowed down at the sample, or None when it cannot say."""
    bits = sample.get("throttled")
    return bool(bits & THROTTLED_NOW_BITS) if isinstance(bits, int) else None


def board_state(cell: Cell) -> dict[str, Any]:
    """Return the columns about temperature, frequency and throttling of one cell."""
    assert cell.record is not None
    assert cell.directory is not None
    samples = list(read_telemetry(cell.directory / "telemetry.jsonl"))
    state = cell.record.get("state") or {}
    frequencies = [hz for hz in map(slowest_hz, samples) if hz is not None]
    throttled = [state for state in map(throttled_now, samples) if state is not None]
    return {
        "temperature_start_c": hottest_c(state.get("before")),
        "temperature_end_c": hottest_c(state.get("after")),
        "frequency_min_hz": min(frequencies, default=None),
        "throttled": any(throttled) if throttled else None,
    }


def _numbers(values: object) -> list[float]:
    if not isinstance(values, Mapping):
        return []
    return [float(v) for v in values.values() if isinstance(v, int | float) and not isinstance(v, bool)]

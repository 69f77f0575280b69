"""Faults that a simulated meter shows on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from power_meter.contract import UsageError

KINDS = {
    "silence": "sends nothing",
    "short": "a packet lacks its last byte",
    "corrupt": "one bit of a packet is wrong",
    "duplicate": "a packet comes twice",
    "drop_byte": "a byte is lost within a packet",
    "extra_byte": "a byte too many within a packet",
    "garbage": "other bytes instead of a packet",
    "gap": "samples are missing, the meter's own clock or counter goes on",
    "stale": "samples that answer an earlier session's request",
    "unplug": "the port goes, and comes back under another number",
    "hang": "silent from the sixth opening on, until it is plugged in anew",
    "boot": "the meter is in its boot loader",
}


@dataclass
class Fault:
    """One fault.

    Its kind, when it starts, how long it lasts; it strikes at most ``count`` packets (0: all).
    """

    kind: str
    at_s: float
    for_s: float = 0.0
    count: int = 0
    struck: int = field(default=0, compare=False)

    def active(self, now_s: float) -> bool:
        """Tell whether the fault strikes a packet of ``now_s``.

        With ``for_s`` 0 it lasts until ``count`` is used up.
        """
        if now_s < self.at_s or (self.count and self.struck >= self.count):
            return False
        return now_s < self.at_s + self.for_s if self.for_s else bool(self.count)


class Faults:
    """The faults of one run, applied packet by packet."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults

    def active(self, kind: str, now_s: float) -> bool:
        """Tell whether a fault of this kind is active, without counting it."""
        return any(fault.kind == kind and fault.active(now_s) for fault in self._faults)

    def apply(self, data: bytes, now_s: float) -> list[bytes]:
        """Return what becomes of one packet."""
        packets = [data]
        for fault in self._faults:
            if fault.kind in _EFFECTS and fault.active(now_s):
                fault.struck += 1
                packets = [piece for packet in packets for piece in _EFFECTS[fault.kind](packet)]
        return packets


_EFFECTS = {
    "silence": lambda data: [],
    "short": lambda data: [data[:-1]],
    "corrupt": lambda data: [
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 0x10]) + data[len(data) // 2 + 1 :]
    ],
    "duplicate": lambda data: [data, data],
    "drop_byte": lambda data: [data[: len(data) // 3] + data[len(data) // 3 + 1 :]],
    "extra_byte": lambda data: [data[: len(data) // 3] + b"\x55" + data[len(data) // 3 :]],
    "garbage": lambda data: [bytes((17 * k + 3) & 0xFF for k in range(len(data)))],
}


def faults_from(entries: Any, origin: str, own: tuple[str, ...] = ()) -> Faults:
    """Build faults from a script's ``faults``.

    Args:
        entries: what the script says.
        origin: names the file in errors.
        own: kinds that this meter can show besides what every one can.

    Raises:
        UsageError: an unknown kind, key or number.
    """
    if not isinstance(entries, list):
        raise UsageError(f"{origin}: key 'faults': found {entries!r}, valid: a list")
    valid = (*_EFFECTS, "unplug", *own)
    faults = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.get("kind") not in valid:
            found = entry.get("kind") if isinstance(entry, dict) else entry
            raise UsageError(
                f"{origin}: key 'faults[{number}].kind': found {found!r}, valid: {', '.join(valid)}"
            )
        for key in ("at_s", "for_s", "count"):
            value = entry.get(key, 0)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise UsageError(
                    f"{origin}: key 'faults[{number}].{key}': found {value!r}, valid: a number >= 0"
                )
        try:
            faults.append(Fault(**entry))
        except TypeError as error:
            raise UsageError(
                f"{origin}: key 'faults[{number}]': {error}; valid: kind, at_s, for_s, count"
            ) from error
    return Faults(faults)

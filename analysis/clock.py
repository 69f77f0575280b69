"""From a machine's monotonic clock to wall time, by pairs of readings taken together."""

from collections.abc import Mapping
from typing import Any


def wall_offset_ns(record: Mapping[str, Any]) -> int | None:
    """Return what has to be added to the board's monotonic readings of a cell to get its wall clock.

    The pair taken at the start of the cell is used; None when the record has no pair.
    """
    for pair in record.get("clock") or []:
        monotonic, realtime = pair.get("monotonic_ns"), pair.get("realtime_ns")
        if isinstance(monotonic, int) and isinstance(realtime, int):
            return realtime - monotonic
    return None

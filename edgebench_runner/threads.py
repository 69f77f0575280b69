"""How many threads really computed: what the kernel charged to each thread of this process."""

import os
from typing import Dict, Iterable, Optional

from edgebench_runner.probes import read_text

_SHARE_OF_THE_BUSIEST = 0.1  # housekeeping threads stay below


def cpu_ns(directory: str = "/proc/self/task") -> Dict[str, int]:
    """Return the processor time of each thread so far, ns, by its id; empty where the kernel does not say."""
    found = {}
    for thread in os.listdir(directory):
        fields = (read_text(os.path.join(directory, thread, "schedstat")) or "").split()
        if fields:
            found[thread] = int(fields[0])
    return found


def busy(before: Dict[str, int], after: Dict[str, int], ended: Iterable[int] = ()) -> Optional[int]:
    """Return how many threads computed between two readings: at least a tenth of the busiest one's time each.

    Args:
        before: ``cpu_ns`` at the start.
        after: ``cpu_ns`` at the end, in which threads that ended in between are not seen.
        ended: the processor time of those, ns.

    Returns:
        The count, or ``None`` where the kernel does not say or nothing was computed.
    """
    spent = [time - before.get(thread, 0) for thread, time in after.items()] + list(ended)
    most = max(spent, default=0)
    return sum(time >= most * _SHARE_OF_THE_BUSIEST for time in spent) if most > 0 else None

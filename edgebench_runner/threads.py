"""How many threads really computed: what the kernel charged to each thread of this process."""

import os
import time
from typing import Dict, Optional, Tuple

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


def own_cpu_ns() -> Tuple[str, int]:
    """Return the id of the calling thread and its processor time so far, ns."""
    thread = os.path.basename(os.readlink("/proc/thread-self"))
    return thread, int(time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) * 1e9)


def busy(before: Dict[str, int], after: Dict[str, int]) -> Optional[int]:
    """Return how many threads computed between two readings: at least a tenth of the busiest one's time each.

    Args:
        before: ``cpu_ns`` at the start.
        after: ``cpu_ns`` at the end, and ``own_cpu_ns`` of threads that ended in between.

    Returns:
        The count, or ``None`` where the kernel does not say or nothing was computed.
    """
    spent = [spent_ns - before.get(thread, 0) for thread, spent_ns in after.items()]
    most = max(spent, default=0)
    return sum(share >= most * _SHARE_OF_THE_BUSIEST for share in spent) if most > 0 else None

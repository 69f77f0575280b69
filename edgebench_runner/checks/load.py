"""Is anything else running?"""

import os
import time
from typing import Tuple

_WINDOW_S = 0.2


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Compare the busy share of the cores over a fifth of a second with the gate's threshold.

    The load average would still remember the cell before this one.
    """
    busy_before, total_before = _jiffies()
    time.sleep(_WINDOW_S)
    busy_after, total_after = _jiffies()
    if total_after == total_before:
        return "unknown", "the kernel's counters stand still", "is /proc mounted?"
    share = (busy_after - busy_before) / (total_after - total_before)
    status = "pass" if share <= about.gate["max_load_per_cpu"] else "fail"
    found = "{:.2f} busy per core, load1 {:.2f}".format(share, os.getloadavg()[0])
    return status, found, "" if status == "pass" else "stop what else runs on this board"


def _jiffies() -> Tuple[int, int]:
    with open("/proc/stat") as file:
        values = [int(value) for value in file.readline().split()[1:9]]
    idle = values[3] + values[4]
    return sum(values) - idle, sum(values)

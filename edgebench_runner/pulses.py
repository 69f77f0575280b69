"""Sync pulses: all cores busy and idle for lengths that repeat nowhere, to find in a power trace.

Run as a module it is one busy core: ``python -m edgebench_runner.pulses ON_NS OFF_NS [ON_NS OFF_NS ...]``.
"""

import os
import subprocess
import sys
import time
from typing import List, Union

from edgebench_runner.clock import now_ns
from edgebench_runner.resources import root

PREAMBLE_S = (1.0, 2.0, 1.5, 1.0, 2.5, 1.5, 1.0, 2.0)
_LEAD_S = 0.5  # for the processes to start


def lengths_s(sync_pulses: Union[bool, List[float]]) -> List[float]:
    """Return the lengths that a protocol asks for, busy and idle in turn: its own, the default, or none."""
    if isinstance(sync_pulses, list):
        return sync_pulses
    return list(PREAMBLE_S) if sync_pulses else []


def schedule(lengths: List[float], start_ns: int) -> List[List[int]]:
    """Return ``[on_ns, off_ns]`` of each pulse, for lengths of busy, idle, busy, ... seconds."""
    edges = [start_ns]
    for length in lengths:
        edges.append(edges[-1] + int(length * 1e9))
    return [edges[index : index + 2] for index in range(0, len(lengths), 2)]


def emit(lengths: List[float]) -> List[List[int]]:
    """Make the pulses on every core this process may use, and return when each began and ended.

    Args:
        lengths: seconds busy, idle, busy, ...

    Returns:
        ``[on_ns, off_ns]`` of each pulse, CLOCK_MONOTONIC.
    """
    pulses = schedule(lengths, now_ns() + int(_LEAD_S * 1e9))
    edges = [str(edge) for pulse in pulses for edge in pulse]
    command = [sys.executable, "-m", "edgebench_runner.pulses"] + edges
    environment = dict(os.environ, PYTHONPATH=root())
    burners = [subprocess.Popen(command, env=environment) for _ in os.sched_getaffinity(0)]
    for burner in burners:
        burner.wait()
    trailing_idle_s = lengths[-1] if len(lengths) % 2 == 0 else 0.0
    time.sleep(trailing_idle_s)
    return pulses


def burn(edges: List[int]) -> None:
    """Keep one core busy between each pair of edges (ns, CLOCK_MONOTONIC)."""
    for index in range(0, len(edges), 2):
        on_ns, off_ns = edges[index : index + 2]
        time.sleep(max(0, on_ns - now_ns()) / 1e9)
        while now_ns() < off_ns:
            pass


if __name__ == "__main__":
    burn([int(edge) for edge in sys.argv[1:]])

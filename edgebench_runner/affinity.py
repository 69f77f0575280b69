"""The CPUs that the board keeps for what is measured, where its tuning keeps some (the knob ``cpu_affinity``)."""

import os
import re
from typing import List, Optional

from edgebench_runner.errors import BackendUnavailableError
from edgebench_runner.probes import read_text

DROP_IN = "/etc/systemd/system.conf.d/90-edgebench-cpu-affinity.conf"


def measured_cpus(path: str = DROP_IN) -> Optional[List[int]]:
    """Return the CPUs to measure on; ``None`` where all are as good as any."""
    match = re.search(r"^X-EdgebenchMeasuredOn=([\d ]+)$", read_text(path) or "", re.MULTILINE)
    return [int(cpu) for cpu in match.group(1).split()] if match else None


def keep_to_measured_cpus(path: str = DROP_IN) -> List[int]:
    """Move this process, before it makes threads, to the CPUs to measure on; return those that it may use.

    Raises:
        BackendUnavailableError: none of them is online.
    """
    wanted = measured_cpus(path)
    if wanted is not None:
        try:
            os.sched_setaffinity(0, wanted)
        except OSError as error:
            text = "the CPUs kept for measuring ({}) cannot be used: {}"
            raise BackendUnavailableError(text.format(", ".join(map(str, wanted)), error.strerror)) from error
    return sorted(os.sched_getaffinity(0))

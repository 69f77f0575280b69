"""CPU frequency in hertz by policy: what the kernel asks for, as cpufreq reports it."""

import glob
import os
from typing import Dict

from edgebench_runner.probes import read_int


class Probe(object):
    """Reads ``scaling_cur_freq`` of every policy."""

    def __init__(self, root: str = "/sys/devices/system/cpu/cpufreq") -> None:
        found = sorted(glob.glob(os.path.join(root, "policy*", "scaling_cur_freq")))
        self._paths = {os.path.basename(os.path.dirname(path)): path for path in found}

    def read(self) -> Dict:
        """Return ``frequency_hz``, or nothing where the board has no cpufreq."""
        if not self._paths:
            return {}
        khz = {name: read_int(path) for name, path in self._paths.items()}
        return {
            "frequency_hz": {name: None if value is None else value * 1000 for name, value in khz.items()}
        }

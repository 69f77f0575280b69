"""GPU load of a Jetson, 0 to 1."""

import glob
from typing import Dict, Sequence

from edgebench_runner.probes import read_int

_PATHS = (
    "/sys/devices/gpu.0/load",
    "/sys/devices/platform/gpu.0/load",
    "/sys/devices/platform/bus@0/*.gpu/load",
)


class Probe(object):
    """Reads the driver's load, in thousandths."""

    def __init__(self, patterns: Sequence[str] = _PATHS) -> None:
        self._path = next((path for pattern in patterns for path in sorted(glob.glob(pattern))), None)

    def read(self) -> Dict:
        """Return ``gpu_load``, or nothing where there is no such GPU."""
        if self._path is None:
            return {}
        thousandths = read_int(self._path)
        return {"gpu_load": None if thousandths is None else thousandths / 1000.0}

"""GPU of a Jetson: its load, 0 to 1, and its clock in hertz."""

import glob
import os
from typing import Any, Dict, Optional, Sequence

from edgebench_runner.probes import read_int, read_text

_LOADS = (
    "/sys/devices/gpu.0/load",
    "/sys/devices/platform/gpu.0/load",
    "/sys/devices/platform/bus@0/*.gpu/load",
)
# Nano, Orin since JetPack 6; TX2; Xavier; Orin on JetPack 5.
_CLOCKS = tuple("/sys/class/devfreq/*." + name for name in ("gpu", "gp10b", "gv11b", "ga10b"))


class Probe(object):
    """Reads the driver's load, in thousandths, and the clock that it asked for."""

    def __init__(self, loads: Sequence[str] = _LOADS, clocks: Sequence[str] = _CLOCKS) -> None:
        self._load, self._clock = _first(loads), _first(clocks)

    def read(self) -> Dict:
        """Return ``gpu_load`` and ``gpu_frequency_hz``, or nothing where there is no such GPU."""
        sample: Dict[str, Any] = {}
        if self._load is not None:
            thousandths = read_int(self._load)
            sample["gpu_load"] = None if thousandths is None else thousandths / 1000.0
        if self._clock is not None:
            sample["gpu_frequency_hz"] = read_int(os.path.join(self._clock, "cur_freq"))
        return sample


def limits(clocks: Sequence[str] = _CLOCKS) -> Optional[Dict[str, Optional[str]]]:
    """Return governor and limits of the GPU's clock, ``None`` where there is none."""
    clock = _first(clocks)
    if clock is None:
        return None
    return {name: read_text(os.path.join(clock, name)) for name in ("governor", "min_freq", "max_freq")}


def _first(patterns: Sequence[str]) -> Optional[str]:
    return next((path for pattern in patterns for path in sorted(glob.glob(pattern))), None)

"""Does the processor do what its kind does? One core's SHA-512, which waits for nothing but the clock.

No processor of these kinds has instructions for it, so that its speed is the clock over OpenSSL's cycles per byte.
"""

import hashlib
import time
from typing import Tuple

ON_REQUEST = True
_BLOCK = bytes(range(256)) * 4096  # 1 MiB
_RUNS = 9


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Compare with the band of this kind of board, in MB/s; without a band the figure is only told."""
    speed = measure_mb_per_s()
    found = "{:.0f} MB/s of SHA-512 on one core".format(speed)
    band = about.expected.get("reference_speed")
    if not band:
        advice = "no band is known for {}: set board_doctor_reference_mb_per_s from boards you trust"
        return "unknown", found, advice.format(about.kind)
    low, high = band
    found += ", expected {:.0f} to {:.0f}".format(low, high)
    if speed < low:
        return "fail", found, "look at the governor, the limits, the power mode and what else runs"
    if speed > high:
        return "warn", found, "is it overclocked, or another kind of board?"
    return "pass", found, ""


def measure_mb_per_s() -> float:
    """Return the best of a few runs: what disturbs a run only makes it slower."""
    best_s = float("inf")
    for _ in range(_RUNS):
        started = time.perf_counter()
        hashlib.sha512(_BLOCK).digest()
        best_s = min(best_s, time.perf_counter() - started)
    return len(_BLOCK) / best_s / 1e6

"""Is the time of day right? (Energy needs it only as a cross-check; records carry it.)"""

import ctypes
import struct
import time
from typing import Tuple

_TIME_ERROR = 5
_TIMEX_BYTES = 512  # larger than struct timex on every architecture
# Of struct timex: modes, then offset, freq, maxerror, esterror as C longs.
_HEAD = struct.Struct("@I4l")
_FAR_S = 5.0  # beyond what a slow connection between controller and board explains


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Ask the kernel by adjtimex, which needs no daemon's own tool, and compare with the controller's clock."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    maximum_error_s = _HEAD.unpack_from(buffer)[3] / 1e6
    return judge(state, maximum_error_s, about.expected.get("realtime_s"), time.time())


def judge(state: int, maximum_error_s: float, expected_s: float, now_s: float) -> Tuple[str, str, str]:
    """Judge the kernel's state of the clock and how far it is from the controller's, where that is known."""
    offset_s = None if expected_s is None else now_s - expected_s
    away = "" if offset_s is None else ", {:+.1f} s from the controller's clock".format(offset_s)
    if offset_s is not None and abs(offset_s) > _FAR_S:
        return (
            "warn",
            "the clock is wrong" + away,
            "let both follow a time server (chrony, systemd-timesyncd)",
        )
    if state < 0:
        return "unknown", "adjtimex is not permitted" + away, "check chronyc tracking or timedatectl by hand"
    if state == _TIME_ERROR:
        return "warn", "not synchronised" + away, "start chrony or systemd-timesyncd"
    return "pass", "synchronised to {:.3f} s{}".format(maximum_error_s, away), ""

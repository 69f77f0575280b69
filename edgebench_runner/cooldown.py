"""Rest until the board is as cool as it was at the start: a fixed time, or its own reference temperature."""

import os
import time
from typing import Dict, Optional

from edgebench_runner import atomic, state
from edgebench_runner.clock import now_ns
from edgebench_runner.telemetry import Board

_POLL_S = 2.0
_STEADY_S = 30.0
_STEADY_C = 0.5
REFERENCE_FILE = "reference_temperature.json"


def hottest_c(sample: Dict) -> Optional[float]:
    """Return the highest temperature of a telemetry sample, ``None`` where none could be read."""
    values = [value for value in sample.get("temperature_c", {}).values() if value is not None]
    return max(values) if values else None


def cool_down(settings: Dict, board: Board) -> Dict:
    """Rest as a profile's ``cooldown`` says.

    Args:
        settings: ``method`` none, fixed (``seconds``) or reference (``within_c``, ``deadline_s``, and
            optionally ``reference_c``; without it the board's stored reference, which the first rest to a
            steady temperature makes).
        board: the telemetry sources.

    Returns:
        ``{"method", "status", "reference_c", "temperature_c", "seconds"}``; status is ``cool``, ``warm`` (the
        deadline passed first) or ``unknown`` (no temperature could be read).
    """
    start_ns = now_ns()
    result: Dict = {"method": settings["method"], "reference_c": None}
    if settings["method"] == "reference":
        result.update(_rest_to_reference(settings, board))
    else:
        time.sleep(settings.get("seconds", 0.0) if settings["method"] == "fixed" else 0.0)
        result["status"] = "cool" if settings["method"] == "fixed" else "not_asked"
    result["temperature_c"] = hottest_c(board.sample())
    result["seconds"] = (now_ns() - start_ns) / 1e9
    return result


def _rest_to_reference(settings: Dict, board: Board) -> Dict:
    deadline_ns = now_ns() + int(settings.get("deadline_s", 600.0) * 1e9)
    if hottest_c(board.sample()) is None:
        return {"status": "unknown"}
    reference_c = settings.get("reference_c", _stored_reference())
    if reference_c is None:
        return _rest_until_steady(board, deadline_ns)
    limit_c = reference_c + settings.get("within_c", 3.0)
    while True:
        temperature_c = hottest_c(board.sample())
        if temperature_c is None:
            return {"status": "unknown", "reference_c": reference_c}
        if temperature_c <= limit_c:
            return {"status": "cool", "reference_c": reference_c}
        if now_ns() >= deadline_ns:
            return {"status": "warm", "reference_c": reference_c}
        time.sleep(_POLL_S)


def _rest_until_steady(board: Board, deadline_ns: int) -> Dict:
    """Rest until the temperature has not fallen for a while, and keep that as the board's reference."""
    lowest_c, since_ns = float("inf"), now_ns()
    while now_ns() < deadline_ns:
        temperature_c = hottest_c(board.sample())
        if temperature_c is None:
            return {"status": "unknown"}
        if temperature_c < lowest_c - _STEADY_C:
            lowest_c, since_ns = temperature_c, now_ns()
        elif now_ns() - since_ns >= _STEADY_S * 1e9:
            atomic.write_json(_reference_path(), {"reference_c": temperature_c})
            return {"status": "cool", "reference_c": temperature_c}
        time.sleep(_POLL_S)
    return {"status": "warm"}


def _reference_path() -> str:
    return os.path.join(state.lasting(), REFERENCE_FILE)


def _stored_reference() -> Optional[float]:
    try:
        return float(atomic.read_json(_reference_path())["reference_c"])
    except (OSError, ValueError, KeyError):
        return None

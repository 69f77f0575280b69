"""The floor: what one inference costs when the backend does nothing, recording included."""

import gc
import tempfile
from typing import Any, Dict

from edgebench_runner.backends import null
from edgebench_runner.clock import now_ns
from edgebench_runner.loop import measure
from edgebench_runner.records import Records


def _identity(value: Any) -> Any:
    return value


def _no_answer(value: Any) -> None:
    return None


def floor(inferences: int, repeats: int) -> Dict:
    """Measure a null cell from nothing to its records in their files.

    Args:
        inferences: inferences per repeat.
        repeats: how often; the median is the figure, the rest shows the spread.

    Returns:
        ``{"inferences", "repeats", "median_ns", "minimum_ns", "maximum_ns"}``: wall time per inference, ns, of
        the loop and the making of its memory-mapped files together.
    """
    backend = null.Backend({})
    backend.import_runtime()
    backend.load(None)
    costs = sorted(_cost_ns(backend, inferences) for _ in range(repeats))
    return {
        "inferences": inferences,
        "repeats": repeats,
        "median_ns": costs[len(costs) // 2],
        "minimum_ns": costs[0],
        "maximum_ns": costs[-1],
    }


def _cost_ns(backend: null.Backend, inferences: int) -> float:
    items, infer = [(-1, None)] * inferences, backend.stream(0)
    gc.collect()
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="edgebench-floor-") as directory:
        start_ns = now_ns()
        records = Records(directory, inferences)
        measure(items, _identity, infer, _no_answer, records.times, 0, records.keep_answer)
        end_ns = now_ns()
    gc.enable()
    return (end_ns - start_ns) / inferences

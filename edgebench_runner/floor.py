"""The floor: what one inference costs when the backend does nothing, recording included."""

import gc
import shutil
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
    """Measure the whole loop of a null cell, wall time over number of inferences.

    Args:
        inferences: inferences per repeat.
        repeats: how often; the median is the figure, the rest shows the spread.

    Returns:
        ``{"inferences", "repeats", "median_ns", "minimum_ns", "maximum_ns"}``, ns per inference.
    """
    backend = null.Backend({})
    backend.import_runtime()
    backend.load(None)
    directory = tempfile.mkdtemp(prefix="edgebench-floor-")
    try:
        records = Records(directory, inferences)
        costs = sorted(_one(backend, records) for _ in range(repeats))
    finally:
        shutil.rmtree(directory)
    return {
        "inferences": inferences,
        "repeats": repeats,
        "median_ns": costs[len(costs) // 2],
        "minimum_ns": costs[0],
        "maximum_ns": costs[-1],
    }


def _one(backend: null.Backend, records: Records) -> float:
    items = [(-1, None)] * records.rows
    gc.collect()
    gc.disable()
    start_ns = now_ns()
    measure(items, _identity, backend.infer, _no_answer, records.times, 0, records.keep_answer)
    end_ns = now_ns()
    gc.enable()
    return (end_ns - start_ns) / records.rows

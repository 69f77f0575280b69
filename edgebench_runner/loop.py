"""The measured loop, and nothing else.

Between the first and the fourth reading of a row there are two clock readings and the three stages; no
store, no allocation of the runner's own, no system call beside the clock. The readings are stored after the
fourth, the row's answer before them, so that a row whose last value is 0 was not completed.
"""

from typing import Any, Callable, Iterable, Optional, Tuple

from edgebench_runner.clock import now_ns
from edgebench_runner.records import TIME_ROW

FOREVER_NS = 2**63 - 1


def measure(
    items: Iterable[Tuple[int, Any]],
    prepare: Callable[[Any], Any],
    infer: Callable[[Any], Any],
    finish: Callable[[Any], Optional[Any]],
    times: Any,
    row: int,
    keep_answer: Callable[[int, int, Any], None],
    stop_ns: int = FOREVER_NS,
) -> int:
    """Run one inference per item and record it.

    Args:
        items: pairs of dataset index and input, in memory already.
        prepare: input to tensor.
        infer: tensor to output; returns when the result is on the host.
        finish: output to the task's answer, or ``None`` where there is no task.
        times: buffer of int64, four readings (ns, CLOCK_MONOTONIC) a row.
        row: first row to fill.
        keep_answer: stores ``(row, dataset index, answer)``.
        stop_ns: no further inference starts once the clock has passed this.

    Returns:
        The row after the last one filled.
    """
    clock, store, size = now_ns, TIME_ROW.pack_into, TIME_ROW.size
    offset = row * size
    for index, item in items:
        before_prepare = clock()
        tensor = prepare(item)
        before_infer = clock()
        output = infer(tensor)
        after_infer = clock()
        answer = finish(output)
        after_finish = clock()
        if answer is not None:
            keep_answer(offset // size, index, answer)
        store(times, offset, before_prepare, before_infer, after_infer, after_finish)
        offset += size
        if after_finish >= stop_ns:
            break
    return offset // size

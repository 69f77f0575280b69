"""Throughput: several inferences in flight, each stream a thread that runs the measured loop on its own rows."""

import threading
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from edgebench_runner import threads
from edgebench_runner.loop import measure
from edgebench_runner.records import Records

Stages = NamedTuple(
    "Stages",
    [
        ("prepare", Callable[[Any], Any]),
        ("infer", Callable[[Any], Any]),
        ("finish", Callable[[Any], Any]),
        ("keep", Callable[[int, int, Any], None]),
    ],
)


def measure_streams(
    streams: List[Stages], items: List[Tuple[int, Any]], records: Records, row: int, stop_ns: int
) -> Dict[str, int]:
    """Run the inferences of ``items`` on all streams at once.

    Each stream fills a block of rows of its own, so their times overlap: throughput is the number of completed rows
    over the time from the first reading to the last.

    Args:
        streams: the stages of each stream, and where its answers are kept; nothing in one is shared with another.
        items: pairs of dataset index and input.
        records: where times are kept.
        row: row of the first item.
        stop_ns: no further inference starts once the clock has passed this.

    Returns:
        The processor time of each thread that was made for this and is gone now, ns, by its id.

    Raises:
        Exception: the first one that a stream raised.
    """
    if len(streams) == 1:
        measure(items, *streams[0][:3], records.times, row, streams[0].keep, stop_ns)
        return {}
    start = threading.Barrier(len(streams))
    errors: List[BaseException] = []
    spent_ns: Dict[str, int] = {}

    def run(stages: Stages, share: List[Tuple[int, Any]], first_row: int) -> None:
        start.wait()
        try:
            measure(share, *stages[:3], records.times, first_row, stages.keep, stop_ns)
        except Exception as error:
            errors.append(error)
        spent_ns.update([threads.own_cpu_ns()])

    running = []
    for index, stages in enumerate(streams):
        first, last = (len(items) * edge // len(streams) for edge in (index, index + 1))
        running.append(threading.Thread(target=run, args=(stages, items[first:last], row + first)))
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
    return spent_ns

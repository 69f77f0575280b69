"""The memory-mapped records of a cell: four clock readings and the answer of every inference.

The files have their full size before the window opens and every page is touched, so that recording is a
store into memory; a killed worker loses nothing, because the pages belong to the file.
"""

import array
import mmap
import os
from typing import Sequence

TIMES = "inferences.bin"
OUTPUTS = "outputs.bin"
TIME_COLUMNS = 4
OUTPUT_COLUMNS = 6
NO_CLASS = -1


class Records(object):
    """The two record files of one cell, open for writing.

    Attributes:
        times: memoryview of int64, flat, ``rows * 4``: clock readings in ns.
        outputs: memoryview of int32, flat, ``rows * 6``: dataset index and five classes, -1 for none.
    """

    def __init__(self, directory: str, rows: int) -> None:
        self.rows = rows
        self.times = _map(os.path.join(directory, TIMES), "q", rows * TIME_COLUMNS, 0)
        self.outputs = _map(os.path.join(directory, OUTPUTS), "i", rows * OUTPUT_COLUMNS, NO_CLASS)

    def keep_answer(self, row: int, item: int, classes: Sequence[int]) -> None:
        """Store the dataset index and the best classes (at most five, best first) of one row."""
        start = row * OUTPUT_COLUMNS
        self.outputs[start] = item
        for column, label in enumerate(classes, start + 1):
            self.outputs[column] = label


def completed_rows(directory: str, start: int = 0) -> int:
    """Return how many rows from ``start`` on were completed; 0 where there is no record file."""
    try:
        with open(os.path.join(directory, TIMES), "rb") as file:
            data = file.read()
    except OSError:
        return 0
    times = memoryview(data[: len(data) // 32 * 32]).cast("q")
    return sum(1 for last in times[start * TIME_COLUMNS + 3 :: TIME_COLUMNS] if last)


def _map(path: str, kind: str, count: int, fill: int) -> memoryview:
    with open(path, "wb+") as file:
        file.write(array.array(kind, [fill]).tobytes() * count)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0)
    view = memoryview(mapped).cast(kind)  # type: ignore[call-overload]
    for index in range(0, count, mmap.PAGESIZE // view.itemsize):
        view[index] = fill
    return view

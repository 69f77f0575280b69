"""The memory-mapped records of a cell: four clock readings and the answer of every inference.

The files have their full size before the window opens and every page is touched, so that recording is a
store into memory; a killed worker loses nothing, because the pages belong to the file.
"""

import mmap
import os
import struct
import sys
from typing import Sequence

RECORD = "cell.json"  # written last, once these are whole
TIMES = "inferences.bin"
OUTPUTS = "outputs.bin"
# The same 32 bytes either way: four little-endian int64. CPython stores a C long in less than half the time.
_LONG_IS_INT64 = sys.byteorder == "little" and struct.calcsize("l") == 8
TIME_ROW = struct.Struct("4l" if _LONG_IS_INT64 else "<4q")
OUTPUT_COLUMNS = 6
NO_CLASS = struct.pack("<i", -1)
_ROWS_AT_ONCE = 4096  # the memory that making the files takes is not the model's


class Records(object):
    """The two record files of one cell, open for writing.

    Attributes:
        times: mapped bytes of ``inferences.bin``, ``TIME_ROW`` each: four clock readings in ns.
        outputs: mapped ``outputs.bin`` as int32, flat: dataset index and five classes a row, -1 for none.
    """

    def __init__(self, directory: str, rows: int) -> None:
        self.rows = rows
        self.times = _map(os.path.join(directory, TIMES), bytes(TIME_ROW.size), rows)
        blank = NO_CLASS * OUTPUT_COLUMNS
        self.outputs = memoryview(_map(os.path.join(directory, OUTPUTS), blank, rows)).cast("i")

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
    whole = data[start * TIME_ROW.size : len(data) // TIME_ROW.size * TIME_ROW.size]
    return sum(1 for row in TIME_ROW.iter_unpack(whole) if row[3])


def _map(path: str, blank: bytes, rows: int) -> mmap.mmap:
    with open(path, "wb+") as file:
        for start in range(0, rows, _ROWS_AT_ONCE):
            file.write(blank * min(_ROWS_AT_ONCE, rows - start))
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0)
    for offset in range(0, len(mapped), mmap.PAGESIZE):
        mapped[offset] = mapped[offset]  # a page that was written once does not fault in the window
    return mapped

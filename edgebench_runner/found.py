"""What tasks without classes find (boxes, people, pixels), kept for the analysis: one row an image of the data set.

``found.npy`` has its full size before the window opens and is mapped into memory, as the records are; a row is filled
after the fourth clock reading. Its first value is -1 until then.
"""

import os
from typing import Any, Callable

import numpy as np

from edgebench_runner.records import Records

FILE = "found.npy"


class Found(object):
    """The rows of one cell, open for writing.

    Args:
        directory: the cell's.
        items: how many images of the data set the cell goes through.
        row: type and number of values of a row: a task's ``row``.
        records: get the image's index.
    """

    def __init__(self, directory: str, items: int, row: Any, records: Records) -> None:
        kind, values = row
        path = os.path.join(directory, FILE)
        self._rows = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(items, values))
        self._rows[:] = -1
        self._records = records

    def keeper(self, task: Any) -> Callable[[int, int, Any], None]:
        """Return what stores ``(row, dataset index, answer)`` of one stream, in the task's own words."""

        def keep(row: int, item: int, answer: Any) -> None:
            self._records.keep_answer(row, item, ())
            task.keep(self._rows[item], item, answer)

        return keep


def nothing(row: int, item: int, answer: Any) -> None:
    """Keep no answer: nobody could say whether it is right."""

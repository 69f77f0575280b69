"""The kernel's log lines that appeared while the runner watched, by sequence number from /dev/kmsg."""

import os
import re
from typing import List, Optional

_SEVERE = 3  # KERN_ERR
_SUSPECT = re.compile(
    r"[Uu]nder-?voltage|throttl|I/O error|hung task|soft lockup|rcu_sched self-detected|thermal", re.I
)
_RECORD_BYTES = 8192


class KernelLog(object):
    """A position in the kernel's log.

    Args:
        path: the kernel's device.
        whole: begin with the oldest record that the kernel still has, not with the next one.

    Attributes:
        reason: why the log cannot be read, or ``None``.
        lost: true once the kernel overwrote lines before they were read.
    """

    def __init__(self, path: str = "/dev/kmsg", whole: bool = False) -> None:
        self.reason: Optional[str] = None
        self.lost = False
        self._lines: List[str] = []
        self._file = -1
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            os.lseek(self._file, 0, os.SEEK_SET if whole else os.SEEK_END)
        except OSError as error:
            self.reason = "{}: {}".format(path, error.strerror)

    def lines(self) -> Optional[List[str]]:
        """Return the records since this object was made, ``priority,sequence,time_us,flags;text``.

        Returns:
            ``None`` where the log cannot be read.
        """
        if self.reason is not None:
            return None
        while True:
            try:
                record = os.read(self._file, _RECORD_BYTES)
            except BrokenPipeError:  # the ring buffer was overwritten; the next read continues after the gap
                self.lost = True
                continue
            except BlockingIOError:
                break
            except OSError as error:
                self.reason = "read: {}".format(error.strerror)
                return None
            if not record:
                break
            self._lines.append(record.decode("utf-8", "replace").split("\n", 1)[0])
        return list(self._lines)

    def close(self) -> None:
        """Stop watching."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def since_boot(path: str = "/dev/kmsg") -> Optional[List[str]]:
    """Return every record that the kernel still has, ``None`` where its log cannot be read."""
    log = KernelLog(path, whole=True)
    try:
        return log.lines()
    finally:
        log.close()


def is_suspect(line: str) -> bool:
    """Tell whether a record casts doubt on a measurement: an error, or power, heat or storage."""
    header, _, text = line.partition(";")
    priority = header.split(",", 1)[0]
    return (priority.isdigit() and int(priority) & 7 <= _SEVERE) or bool(_SUSPECT.search(text))

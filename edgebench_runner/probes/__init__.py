"""Telemetry sources: one module is one source, found by its name.

Each defines ``Probe``, whose constructor finds the files of this board and whose ``read()`` returns the part
of a telemetry sample it can fill; what the board lacks is absent, what failed to read is ``None``.
"""

from typing import Optional


def read_text(path: str) -> Optional[str]:
    """Return the stripped text of a small file, ``None`` where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip("\0\n ")
    except OSError:
        return None


def read_int(path: str) -> Optional[int]:
    """Return the integer a file holds (decimal or 0x hex), ``None`` where it holds none."""
    text = read_text(path)
    try:
        return int(text, 0) if text else None
    except ValueError:
        return None

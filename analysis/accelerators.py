"""Accelerators that are plugged into a host. A study names one as the device; a lab has its host as the board, and its
name in the backend's label, such as ``tflite_edgetpu``.
"""

import pandas as pd

from analysis.errors import InputError
from analysis.frame import plain

DEVICES = {"edgetpu": "coral", "myriad": "ncs2"}
"""By the word in a lab's label, the word in the device's name."""


def runs_on(rows: pd.DataFrame, mark: str) -> "pd.Series[bool]":
    """Return which rows were run on the accelerator whose key in ``DEVICES`` is ``mark``."""
    return rows.backend.map(plain).str.contains(mark) | rows.board.map(plain).str.contains(DEVICES[mark])


def of_accelerator(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one accelerator, with its host in ``host``: that of a lab is the board.

    Args:
        frame: canonical rows.
        name: the device as a study names it, or what a lab's labels carry; compared by ``plain``.

    Raises:
        InputError: when there is none; names what there is.
    """
    wanted = plain(name)
    mark = next((mark for mark, device in DEVICES.items() if device in wanted), wanted)
    published = frame.published.fillna(False).astype(bool)
    labelled = ~published & frame.backend.map(plain).str.contains(mark, regex=False)
    chosen = frame[labelled | (published & (frame.board.map(plain) == wanted))]
    if chosen.empty:
        devices = frame.board.where(frame.host.notna(), frame.backend.where(~published)).dropna().unique()
        known = ", ".join(sorted(devices)) or "none"
        raise InputError(f"accelerator {name!r} is not in the source; there are: {known}")
    return chosen.assign(host=chosen.host.where(published, chosen.board))

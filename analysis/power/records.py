"""What every file of a power trace shares: the layout of a sample, and the error for what cannot be read."""

from __future__ import annotations

import numpy as np

from analysis.errors import InputError

RECORD = np.dtype([("t_ns", "<i8"), ("voltage_v", "<f4"), ("current_a", "<f4"), ("power_w", "<f4")])


class PowerDataError(InputError):
    """A trace that cannot be read; the message names the file and what is wrong."""

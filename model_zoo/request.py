"""What an exporter is asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Request:
    """How to write one file.

    Attributes:
        precision: ``fp32``, ``fp16``, ``int8`` (full-integer) or ``uint8`` (the same, with unsigned input and output).
        opset: of a format that has opsets, else None.
        between: the file is not an artifact, but what another format is converted from: its first output is enough.
        calibration: (n, C, H, W) float32, pre-processed: they choose the ranges of quantisation.
    """

    precision: str
    opset: int | None
    calibration: NDArray[np.float32]
    between: bool = False

    @property
    def example(self) -> NDArray[np.float32]:
        """A batch of one, (1, C, H, W)."""
        return self.calibration[:1]

"""Simulated AVHzY CT-2."""

from __future__ import annotations

import struct

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties

QUESTION = b"Get Meter Data"


class SimulatedCT2(SimulatedDevice):
    """Answers each question with five floats."""

    properties = MeterProperties(update_s=0.02, noise_w=0.003)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._line = b""

    def receive(self, data: bytes, now_s: float) -> None:
        """Count the questions in what the host sends."""
        self._line += data
        while QUESTION in self._line:
            self._line = self._line.partition(QUESTION)[2]
            self.send(self._answer, now_s + 0.004)
        self._line = self._line[-len(QUESTION) :]

    def _answer(self, at_s: float) -> bytes:
        shown = self.model.at(at_s)
        values = (shown.voltage_v, shown.current_a, shown.power_w, 0.6, 0.6)
        return b"".join(struct.pack("<f", value) for value in values)


SIMULATOR = SimulatedCT2

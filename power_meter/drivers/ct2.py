"""AVHzY CT-2: five floats for the words ``Get Meter Data`` on its USB serial port."""

from __future__ import annotations

import math
import struct

from power_meter.contract import Caps, Decoder, DriverInfo, Reading
from power_meter.polled_serial import PolledSerialMeter

INFO = DriverInfo(
    name="ct2",
    transport="serial",
    help="AVHzY CT-2 on its USB serial port",
    caps=Caps(
        nominal_hz=50,
        update_hz=50,
        group_delay_s=0.0,
        v_resolution=1e-4,
        i_resolution=1e-4,
        v_range=26.0,
        i_range=6.5,
    ),
)

ANSWER = struct.Struct("<5f")
POWER_TOLERANCE, POWER_TOLERANCE_W = 0.05, 0.1
SMALLEST = 1e-6  # a float below that was not measured: it comes of bytes that are no answer


def lines_plausible(values: tuple[float, ...]) -> bool:
    """Tell whether the data lines, the last two values, are within what the input can carry."""
    return all(abs(value) <= INFO.caps.v_range for value in values[3:])


class Ct2Decoder(Decoder):
    """Checks that power agrees with voltage and current: the answer carries no checksum."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        self._buffer += data
        readings = []
        while len(self._buffer) >= ANSWER.size:
            voltage, current, power, d_plus, d_minus = ANSWER.unpack_from(self._buffer)
            self._buffer = self._buffer[ANSWER.size :]
            expected = voltage * current
            reading = Reading(voltage, current, power, details={"d_plus_v": d_plus, "d_minus_v": d_minus})
            if not self.plausible(reading, INFO.caps):
                continue
            values = (voltage, current, power, d_plus, d_minus)
            if (
                not any(values)
                or voltage < 0
                or any(0 < abs(value) < SMALLEST for value in values)
                or not lines_plausible(values)
            ):
                self.reject("implausible", "the answer is not five quantities that a meter measures")
                continue
            if not math.isclose(power, expected, rel_tol=POWER_TOLERANCE, abs_tol=POWER_TOLERANCE_W):
                self.reject("implausible", f"{power:g} W contradict {expected:.4g} W of voltage and current")
                continue
            self.counters["frames"] += 1
            readings.append(reading)
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer:
            self.reject("short_frames", f"answer of {len(self._buffer)} bytes instead of {ANSWER.size}")
            self._buffer = b""

    def reset(self) -> None:
        """See the base class."""
        self._buffer = b""


class Ct2(PolledSerialMeter):
    """Asks at most every 20 ms."""

    info = INFO
    request = b"Get Meter Data"
    frame_bytes = ANSWER.size
    baudrate = 115200
    answer_within_s = 0.2
    shortest_period_s = 0.02

    def make_decoder(self) -> Ct2Decoder:
        """See the base class."""
        return Ct2Decoder()

    def identify(self) -> dict[str, str | None]:
        """See the base class; the meter says nothing about itself."""
        self.first_reading()
        return {"model": "CT-2", "firmware": None, "serial": None}


METER = Ct2
DECODER = Ct2Decoder

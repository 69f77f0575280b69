"""AVHzY CT-3 and C3, Shizuku YK001 and YK003C, POWER-Z KT002, ATORCH UT18: framed push stream on a USB
serial port.

The meter stamps every sample with its own microseconds and pushes up to 1000 a second.
"""

from __future__ import annotations

import contextlib
import struct
import time
from typing import Any

from power_meter.checksums import xor_bytes
from power_meter.contract import Caps, Decoder, DriverInfo, MeterError, Reading
from power_meter.streaming import StreamingMeter
from power_meter.transports.serial_port import SerialPort

INFO = DriverInfo(
    name="shizuku",
    transport="serial",
    help="AVHzY CT-3/C3, Shizuku YK001/YK003C, POWER-Z KT002, ATORCH UT18 on their USB serial port",
    caps=Caps(
        nominal_hz=1000,
        update_hz=1000,
        group_delay_s=0.0,
        v_resolution=1e-4,
        i_resolution=1e-4,
        v_range=26.0,
        i_range=6.5,
        timestamp="device_us",
        signed=True,
        batch=30,
    ),
    usb_ids=("0483:ffff", "0483:fffe", "0483:374b"),
)

BEGIN, END = b"\xa5", 0x5A
HEADER_BYTES, TAIL_BYTES = 5, 2
SHORTEST, LONGEST = 4, 256
DATA_BYTES = 20
STOP, START = 7, 9
DATA, ACKNOWLEDGED = 0x04, 0x80
BATCH_S = 0.03  # 1000 wake-ups a second would cost more than the samples; the port buffers far more than this


def frame(payload: bytes) -> bytes:
    """Return a payload as it travels."""
    return BEGIN + struct.pack("<i", len(payload)) + payload + bytes([xor_bytes(payload), END])


class ShizukuDecoder(Decoder):
    """Finds frames in a byte stream, in whatever pieces it comes.

    Attributes:
        request: when set, data for other requests (left over from an earlier session) are dropped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.request: int | None = None
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        buffer, position, readings = self._buffer + data, 0, []
        while True:
            begin = buffer.find(BEGIN, position)
            if begin != position and position < len(buffer):
                self.reject("garbage", "bytes outside any frame")
            if begin < 0:
                position = len(buffer)
                break
            size = self._frame_size(buffer, begin)
            if size is None:
                position = begin
                break
            position = begin + size
            if size == 1:
                self.reject("checksum_errors", "no frame has that length")
                continue
            payload = buffer[begin + HEADER_BYTES : position - TAIL_BYTES]
            if buffer[position - 1] != END or buffer[position - 2] != xor_bytes(payload):
                self.reject("checksum_errors", "checksum or end mark of a frame is wrong")
                position = begin + 1
            elif (reading := self._reading(payload)) is not None:
                readings.append(reading)
        self._buffer = buffer[position:]
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer:
            self.reject("short_frames", f"the input ends within a frame ({len(self._buffer)} bytes)")
            self._buffer = b""

    def reset(self) -> None:
        """See the base class."""
        self._buffer = b""

    @staticmethod
    def _frame_size(buffer: bytes, begin: int) -> int | None:
        """Return the size of the frame at ``begin``: None while it is incomplete, 1 when that is no frame."""
        if len(buffer) - begin < HEADER_BYTES:
            return None
        (length,) = struct.unpack_from("<i", buffer, begin + 1)
        if not SHORTEST <= length <= LONGEST:
            return 1
        size = HEADER_BYTES + length + TAIL_BYTES
        return size if len(buffer) - begin >= size else None

    def _reading(self, payload: bytes) -> Reading | None:
        if payload[0] != DATA or payload[3] == ACKNOWLEDGED:
            return None
        if self.request is not None and payload[2] != self.request:
            return None
        if len(payload) < DATA_BYTES:
            self.reject("short_frames", f"data of {len(payload)} bytes; at least {DATA_BYTES} are needed")
            return None
        voltage, current = struct.unpack_from("<ff", payload, 4)
        (microseconds,) = struct.unpack_from("<Q", payload, len(payload) - 8)
        reading = Reading(voltage, current, voltage * abs(current), device_ns=microseconds * 1000)
        if not self.plausible(reading, INFO.caps):
            return None
        self.counters["frames"] += 1
        return reading


class Shizuku(StreamingMeter):
    """Asks for the stream and reads it in batches."""

    info = INFO
    decoder: ShizukuDecoder

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.decoder = ShizukuDecoder()
        self._request = 0
        self._serial = SerialPort(port, 115200, 0.5)

    def identify(self) -> dict[str, str | None]:
        """See the base class; the protocol has no question for it."""
        self.start()
        self.wait_for_first()
        return {"model": None, "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class. The period is whole milliseconds."""
        period_ms = max(1, round(1000 / rate_hz)) if rate_hz else 1
        self.stop()
        self._serial.drain(0.03)
        self.decoder.reset()
        self._request = (self._request + 1) % 256
        self.decoder.request = self._request
        self._serial.write(frame(bytes([1, START, self._request, 0]) + struct.pack("<i", period_ms)))

    def stop(self) -> None:
        """See the base class."""
        self._serial.write(frame(bytes([1, STOP, 0, 0])))

    def receive(self) -> list[bytes]:
        """See the base class."""
        time.sleep(BATCH_S)
        return [self._serial.read_available(0.25)]

    def close(self) -> None:
        """See the base class; a meter left pushing would fill the next session's buffer."""
        with contextlib.suppress(MeterError):  # when the meter is gone, so is its stream
            self.stop()
        self._serial.close()


METER = Shizuku
DECODER = ShizukuDecoder

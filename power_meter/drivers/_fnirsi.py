"""FNIRSI FNB48, FNB48S, FNB58, C1 and FNAC-28 over HID: 64-byte reports, four samples each."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import Any

from power_meter.checksums import crc8_fnirsi
from power_meter.contract import Caps, Decoder, DriverInfo, Flag, Reading, Sample, number_option
from power_meter.streaming import StreamingMeter
from power_meter.transports.packets import PacketPort

REPORT_BYTES = 64
SAMPLE = struct.Struct("<iiHHBH")
SAMPLE_OFFSETS = (2, 17, 32, 47)
SAMPLE_INTERVAL_NS = 10_000_000
DATA, INFORMATION = 0x04, 0x03
IDENTIFY, START, EXTEND = 0x81, 0x82, 0x83
COMMAND_PAUSE_S = 0.03  # the FNB58 crashes when commands follow each other within 25 ms
WARM_UP_REPORTS = 2
READ_S = 0.2


@dataclass(frozen=True)
class Model:
    """What distinguishes the family: USB id, first commands, how the stream is kept alive, honest rate."""

    name: str
    usb_id: str
    start: tuple[int, ...]
    keep_alive: int
    keep_alive_s: float
    update_hz: float
    group_delay_s: float
    interpolates: bool = False

    def info(self) -> DriverInfo:
        """Return the catalogue entry."""
        return DriverInfo(
            name=self.name.lower(),
            transport="hid",
            help=f"FNIRSI {self.name} over USB HID (/dev/hidrawN)",
            caps=Caps(
                nominal_hz=100,
                update_hz=self.update_hz,
                group_delay_s=self.group_delay_s,
                v_resolution=1e-5,
                i_resolution=1e-5,
                v_range=30.0,
                i_range=8.0,
                batch=4,
            ),
            usb_ids=(self.usb_id,),
            usb_disk=self.name == "FNB58",
            options={"keep_alive_s": "seconds between commands that keep the stream alive; firmware differs"},
        )


FNB58 = Model("FNB58", "2e3c:5558", (IDENTIFY, START, START), EXTEND, 0.5, 100, 0.06)
FNB48S = Model("FNB48S", "2e3c:0049", (IDENTIFY, START, START), START, 0.5, 25, 0.06, interpolates=True)
FNB48 = Model("FNB48", "0483:003a", (IDENTIFY, START, EXTEND), START, 0.5, 100, 0.06)
C1 = Model("C1", "0483:003b", (IDENTIFY, START, EXTEND), START, 0.5, 100, 0.25)


def command(number: int) -> bytes:
    """Return the 64-byte report of a command."""
    body = bytes([0xAA, number]) + bytes(REPORT_BYTES - 3)
    return body + bytes([crc8_fnirsi(body[1:])])


class FnirsiDecoder(Decoder):
    """Checks reports and takes the four samples of each; reports of other kinds are left out."""

    def __init__(self, model: Model = FNB58) -> None:
        super().__init__()
        self._caps = model.info().caps
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        self._buffer += data
        readings = []
        while len(self._buffer) >= REPORT_BYTES:
            report, self._buffer = self._buffer[:REPORT_BYTES], self._buffer[REPORT_BYTES:]
            fault = self._fault(report)
            if fault is not None:
                self.reject("checksum_errors", fault)
            elif report[1] == DATA:
                readings += self._readings(report)
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer:
            self.reject("short_frames", f"report of {len(self._buffer)} bytes instead of {REPORT_BYTES}")
            self._buffer = b""

    @staticmethod
    def _fault(report: bytes) -> str | None:
        if report[0] != 0xAA:
            return f"report starts with {report[0]:02x} instead of aa"
        right = crc8_fnirsi(report[1:63])
        return None if report[63] == right else f"checksum is {report[63]:02x} instead of {right:02x}"

    def _readings(self, report: bytes) -> list[Reading]:
        readings = []
        for number, offset in enumerate(SAMPLE_OFFSETS):
            voltage, current, d_plus, d_minus, _, temperature = SAMPLE.unpack_from(report, offset)
            volts, amperes = voltage / 1e5, current / 1e5
            details = {
                "d_plus_v": d_plus / 1e3,
                "d_minus_v": d_minus / 1e3,
                "temperature_c": temperature / 10,
            }
            age_ns = (len(SAMPLE_OFFSETS) - 1 - number) * SAMPLE_INTERVAL_NS
            readings.append(Reading(volts, amperes, volts * amperes, age_ns=age_ns, details=details))
        if not all(self.plausible(reading, self._caps) for reading in readings):
            return []
        self.counters["frames"] += 1
        return readings


class FnirsiMeter(StreamingMeter):
    """Starts the stream, keeps it alive, and reads it dry at the end, without which the meter can freeze."""

    model: Model

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.decoder = FnirsiDecoder(self.model)
        self._port = PacketPort(port)
        self._keep_alive_s = number_option(options, "keep_alive_s", self.model.keep_alive_s) or 0.0
        self._alive_s = 0.0
        self._warm_up = WARM_UP_REPORTS

    def identify(self) -> dict[str, str | None]:
        """See the base class; the report in which the meter identifies itself is not documented."""
        self._port.drain()
        self.start()
        self.wait_for_first()
        return {"model": self.model.name, "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class; the rate is fixed."""
        for number in self.model.start:
            self._port.write(command(number))
            time.sleep(COMMAND_PAUSE_S)
        self._alive_s = time.monotonic()
        self._warm_up = WARM_UP_REPORTS

    def receive(self) -> list[bytes]:
        """See the base class. The first reports after an unclean end can be garbage, so they are left out."""
        if time.monotonic() - self._alive_s >= self._keep_alive_s:
            self._port.write(command(self.model.keep_alive))
            self._alive_s = time.monotonic()
        packets = self._port.read_packets(READ_S)
        left_out = min(self._warm_up, len(packets))
        self._warm_up -= left_out
        return packets[left_out:]

    def read(self) -> list[Sample]:
        """See the base class."""
        samples = super().read()
        if not self.model.interpolates:
            return samples
        return [
            s if k % 4 == 0 else s._replace(flags=s.flags | Flag.INTERPOLATED) for k, s in enumerate(samples)
        ]

    def close(self) -> None:
        """See the base class."""
        self._port.drain()
        self._port.close()

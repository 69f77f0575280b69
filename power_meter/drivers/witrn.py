"""WITRN U2p, U3, U3L, A2, A2L, C4 and C5 over HID: packets come unasked, with the meter's milliseconds."""

from __future__ import annotations

import struct
from typing import Any

from power_meter.contract import Caps, Decoder, DriverInfo, Reading
from power_meter.streaming import StreamingMeter
from power_meter.transports.packets import PacketPort

INFO = DriverInfo(
    name="witrn",
    transport="hid",
    help="WITRN U2p/U3/U3L/A2/A2L/C4/C5 over USB HID (/dev/hidrawN)",
    caps=Caps(
        nominal_hz=100,
        update_hz=100,
        group_delay_s=0.0,
        v_resolution=1e-4,
        i_resolution=1e-4,
        v_range=30.0,
        i_range=8.0,
        timestamp="device_ms",
        signed=True,
        accumulators=True,
    ),
    usb_ids=("0716:5030", "0716:5044", "0716:5045", "0716:5050", "0716:5053", "0716:5054"),
)

PACKET_BYTES = 64
MARK = b"\xff\x55"
MEASUREMENT = 0x1A
SECONDS_WRAP_MS = 256_000
FIELDS = struct.Struct(
    "<HffIIffffff"
)  # from offset 12: least current, Ah, Wh, 2 times, D+, D-, 2 temperatures, V, A
READ_S = 0.25


class WitrnDecoder(Decoder):
    """Checks both sums and unwraps the time, which counts 256 seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self._last_ms: int | None = None
        self._wraps = 0

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        self._buffer += data
        readings = []
        while len(self._buffer) >= PACKET_BYTES:
            packet, self._buffer = self._buffer[:PACKET_BYTES], self._buffer[PACKET_BYTES:]
            fault = self._fault(packet)
            if fault is not None:
                self.reject("checksum_errors", fault)
            elif packet[8] == MEASUREMENT and (reading := self._reading(packet)) is not None:
                readings.append(reading)
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer:
            self.reject("short_frames", f"packet of {len(self._buffer)} bytes instead of {PACKET_BYTES}")
            self._buffer = b""

    @staticmethod
    def _fault(packet: bytes) -> str | None:
        if packet[:2] != MARK:
            return f"packet starts with {packet[:2].hex()} instead of {MARK.hex()}"
        payload = sum(packet[8:62]) & 0xFF
        whole = (sum(packet[:8]) + payload) & 0xFF
        return None if (packet[62], packet[63]) == (payload, whole) else "a checksum is wrong"

    def _reading(self, packet: bytes) -> Reading | None:
        _, charge, energy, _, run_s, d_plus, d_minus, inner, outer, voltage, current = FIELDS.unpack_from(
            packet, 12
        )
        milliseconds = _milliseconds(packet)
        if milliseconds is None:
            self.reject("checksum_errors", "the two forms of the time contradict each other")
            return None
        details = {
            "charge_ah": charge,
            "energy_wh": energy,
            "run_s": run_s,
            "d_plus_v": d_plus,
            "d_minus_v": d_minus,
            "temperature_c": inner,
            "external_temperature_c": outer,
        }
        power = voltage * abs(current)
        reading = Reading(
            voltage, current, power, device_ns=self._unwrapped_ns(milliseconds), details=details
        )
        if not self.plausible(reading, INFO.caps):
            return None
        self.counters["frames"] += 1
        return reading

    def _unwrapped_ns(self, milliseconds: int) -> int:
        if self._last_ms is not None and milliseconds < self._last_ms:
            self._wraps += 1
        self._last_ms = milliseconds
        return (self._wraps * SECONDS_WRAP_MS + milliseconds) * 1_000_000


def _milliseconds(packet: bytes) -> int | None:
    """Return milliseconds within 256 s: byte 3 is the fraction modulo 256, byte 6 modulo 100."""
    low, within_100 = packet[3], packet[6]
    for candidate in range(low, 1000, 256):
        if candidate % 100 == within_100:
            return packet[2] * 1000 + candidate
    return None


class Witrn(StreamingMeter):
    """Listens; there is nothing to ask."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.decoder = WitrnDecoder()
        self._port = PacketPort(port)

    def identify(self) -> dict[str, str | None]:
        """See the base class; the packets do not say."""
        self.wait_for_first()
        return {"model": None, "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class; the meter always sends."""

    def receive(self) -> list[bytes]:
        """See the base class."""
        return self._port.read_packets(READ_S)

    def take_accumulators(self) -> dict[str, float] | None:
        """See the base class."""
        if self.newest is None or self.newest.details is None:
            return None
        return {key: self.newest.details[key] for key in ("energy_wh", "charge_ah")}

    def close(self) -> None:
        """See the base class."""
        self._port.close()


METER = Witrn
DECODER = WitrnDecoder

"""RDTech (Ruideng) TC66 and TC66C over USB CDC-ACM: 192-byte AES-256-ECB frames, polled with ``getva``."""

from __future__ import annotations

import struct
import time
from typing import Any

from power_meter.checksums import crc16_modbus
from power_meter.contract import Caps, Decoder, DriverInfo, MeterError, Reading
from power_meter.polled_serial import PolledSerialMeter

INFO = DriverInfo(
    name="tc66c",
    transport="serial",
    help="RDTech TC66/TC66C USB-C meter on its USB serial port",
    caps=Caps(
        nominal_hz=10,
        update_hz=10,
        group_delay_s=0.25,
        v_resolution=1e-4,
        i_resolution=1e-5,
        v_range=30.0,
        i_range=5.0,
        accumulators=True,
        energy_resolution_wh=1e-3,
    ),
    usb_ids=("28e9:018a",),
    usb_manufacturer="RuiDeng",
    usb_serial_distinct=False,
)

FRAME_BYTES = 192
BLOCK_BYTES = 64
KEY = bytes.fromhex("5821fa5601b2f02687ff1204622a4fb086f40260816f9a0ba7f106619ab87288")


def _decrypt(data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    decryptor = Cipher(algorithms.AES(KEY), modes.ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _find_frame(data: bytes, start: int) -> int:
    """Return the offset, from ``start``, of the next cipher block that opens a frame, or -1."""
    hits = []
    for shift in range(start, min(start + 16, len(data) - 15)):
        whole = (len(data) - shift) // 16 * 16
        plain = _decrypt(data[shift : shift + whole])
        block = next((k for k in range(0, whole, 16) if plain.startswith(b"pac1TC66", k)), -1)
        if block >= 0:
            hits.append(shift + block)
    return min(hits, default=-1)


class TC66CDecoder(Decoder):
    """Decrypts, checks and scales 192-byte frames."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self.identity: dict[str, str | None] = {"model": None, "firmware": None, "serial": None}

    def feed(self, data: bytes) -> list[Reading]:
        """Take bytes of the stream; see the base class."""
        self._buffer += data
        readings = []
        while len(self._buffer) >= FRAME_BYTES:
            plain = _decrypt(self._buffer[:FRAME_BYTES])
            fault = self._fault(plain)
            if fault is None:
                readings.append(self._reading(plain))
                self._buffer = self._buffer[FRAME_BYTES:]
            else:
                self.reject("checksum_errors", fault)
                self._resynchronise()
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer:
            self.reject("short_frames", f"frame of {len(self._buffer)} bytes instead of {FRAME_BYTES}")
            self._buffer = b""

    def reset(self) -> None:
        """See the base class."""
        self._buffer = b""

    def _resynchronise(self) -> None:
        self.counters["resyncs"] += 1
        found = _find_frame(self._buffer[: FRAME_BYTES + 16], 1)
        self._buffer = self._buffer[found:] if found > 0 else self._buffer[FRAME_BYTES:]

    @staticmethod
    def _fault(plain: bytes) -> str | None:
        for number in range(3):
            block = plain[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
            magic = b"pac%d" % (number + 1)
            if block[:4] != magic:
                return f"block {number + 1} does not start with {magic.decode()}"
            if crc16_modbus(block[:60]) != struct.unpack_from("<I", block, 60)[0]:
                return f"checksum of block {number + 1} is wrong"
        return None

    def _reading(self, plain: bytes) -> Reading:
        self.counters["frames"] += 1
        (serial,) = struct.unpack_from("<I", plain, 12)
        voltage, current, power = struct.unpack_from("<3I", plain, 48)
        resistance, ah0, wh0, ah1, wh1, negative, degrees, d_plus, d_minus = struct.unpack_from(
            "<9I", plain, 68
        )
        firmware = plain[8:12].decode("ascii", "replace")
        self.identity = {
            "model": plain[4:8].decode("ascii", "replace"),
            "firmware": firmware,
            "serial": str(serial),
        }
        details: dict[str, Any] = {
            "temperature_c": -degrees if negative else degrees,
            "resistance_ohm": resistance / 10,
            "groups": [
                {"charge_ah": ah0 / 1e3, "energy_wh": wh0 / 1e3},
                {"charge_ah": ah1 / 1e3, "energy_wh": wh1 / 1e3},
            ],
            "d_plus_v": d_plus / 100,
            "d_minus_v": d_minus / 100,
            "serial": str(serial),
            "firmware": firmware,
        }
        return Reading(voltage / 1e4, current / 1e5, power / 1e4, details=details)


class TC66C(PolledSerialMeter):
    """Polls the meter; it answers as fast as it measures, so it is asked again at once."""

    info = INFO
    request = b"getva"
    frame_bytes = FRAME_BYTES
    baudrate = 115200
    answer_within_s = 0.3
    decoder: TC66CDecoder

    def make_decoder(self) -> TC66CDecoder:
        """See the base class."""
        return TC66CDecoder()

    def identify(self) -> dict[str, str | None]:
        """See the base class.

        The USB id is shared with other gear, so the meter's own answer is what counts.
        """
        self.serial.drain()
        self.serial.write(b"query")
        answer = self.serial.read_exactly(4, time.monotonic() + self.answer_within_s)
        if answer == b"boot":
            raise MeterError(
                f"port {self.port}: the meter is in its boot loader; unplug it and plug it in again"
            )
        if answer != b"firm":
            raise MeterError(f"port {self.port}: no TC66 answers there (query returned {answer!r})")
        self.first_reading()
        return self.decoder.identity

    def take_accumulators(self) -> dict[str, float] | None:
        """See the base class. Which group counts is a setting of the meter, so the sum of both is used."""
        if self.newest is None or self.newest.details is None:
            return None
        groups = self.newest.details["groups"]
        return {key: sum(group[key] for group in groups) for key in ("energy_wh", "charge_ah")}


METER = TC66C
DECODER = TC66CDecoder

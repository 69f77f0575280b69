"""RDTech UM24C, UM25C and UM34C: 130-byte big-endian frames over Bluetooth serial, polled with ``F0``."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from power_meter.checksums import xor_bytes
from power_meter.contract import Caps, Decoder, DriverInfo, Reading
from power_meter.polled_serial import PolledSerialMeter

FRAME_BYTES = 130
TRAILER = 0xFFF1
CHARGE_MODES = ("unknown", "QC2", "QC3", "APP2.4A", "APP2.1A", "APP1.0A", "APP0.5A", "DCP1.5A", "Samsung")
UM34C_CHECKED = bytes.fromhex("010307090f1113171f27292d313537393b3f4345494f535961636d6f7177797f")
POWER_TOLERANCE = 0.05
POWER_TOLERANCE_W = 0.1


@dataclass(frozen=True)
class Model:
    """What distinguishes the three: identifier, size of a step of voltage and current, kind of trailer."""

    name: str
    identifier: int
    volts_per_step: float
    amperes_per_step: float
    i_range: float
    has_checksum: bool

    def info(self) -> DriverInfo:
        """Return the catalogue entry. The meters answer three polls a second but measure twice."""
        return DriverInfo(
            name=self.name.lower(),
            transport="serial",
            help=f"RDTech {self.name} over Bluetooth (/dev/rfcommN)",
            caps=Caps(
                nominal_hz=2,
                update_hz=2,
                group_delay_s=0.25,
                v_resolution=self.volts_per_step,
                i_resolution=self.amperes_per_step,
                v_range=30.0,
                i_range=self.i_range,
                accumulators=True,
                energy_resolution_wh=1e-3,
            ),
        )


UM24C = Model("UM24C", 0x0963, 0.01, 0.001, 3.3, has_checksum=False)
UM25C = Model("UM25C", 0x09C9, 0.001, 0.0001, 5.5, has_checksum=False)
UM34C = Model("UM34C", 0x0D4C, 0.01, 0.001, 4.4, has_checksum=True)


class UmDecoder(Decoder):
    """Finds frames by the model's identifier.

    Only the UM34C has a checksum. On the others a frame must end in its trailer, and its power must agree
    with voltage times current.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._caps = model.info().caps
        self._mark = model.identifier.to_bytes(2, "big")
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        self._buffer += data
        readings = []
        while len(self._buffer) >= FRAME_BYTES:
            fault = self._fault(self._buffer[:FRAME_BYTES])
            if fault is not None:
                self.reject("checksum_errors", fault)
                self._resynchronise()
                continue
            reading = self._reading(self._buffer[:FRAME_BYTES])
            self._buffer = self._buffer[FRAME_BYTES:]
            if self.plausible(reading, self._caps) and self._consistent(reading):
                self.counters["frames"] += 1
                readings.append(reading)
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
        found = self._buffer.find(self._mark, 1)
        self._buffer = self._buffer[found:] if found > 0 else b""

    def _fault(self, frame: bytes) -> str | None:
        if frame[:2] != self._mark:
            return f"starts with {frame[:2].hex()}, not with {self._mark.hex()} as a {self._model.name} does"
        if self._model.has_checksum:
            right = xor_bytes(bytes(frame[k] for k in UM34C_CHECKED))
            return None if frame[129] == right else f"checksum is {frame[129]:02x} instead of {right:02x}"
        trailer = int.from_bytes(frame[128:], "big")
        return None if trailer == TRAILER else f"ends in {trailer:04x} instead of {TRAILER:04x}"

    def _consistent(self, reading: Reading) -> bool:
        expected = reading.voltage_v * reading.current_a
        if abs(reading.power_w - expected) <= POWER_TOLERANCE_W + POWER_TOLERANCE * expected:
            return True
        self.reject(
            "implausible", f"{reading.power_w:g} W contradict {expected:.4g} W of voltage and current"
        )
        return False

    def _reading(self, frame: bytes) -> Reading:
        voltage, current, power, celsius = struct.unpack_from(">HHIH", frame, 2)
        (group,) = struct.unpack_from(">H", frame, 14)
        pairs = list(struct.iter_unpack(">II", frame[16:96]))
        d_plus, d_minus, mode = struct.unpack_from(">HHH", frame, 96)
        (resistance,) = struct.unpack_from(">I", frame, 122)
        details = {
            "temperature_c": celsius,
            "group": group,
            "groups": [{"charge_ah": ah / 1e3, "energy_wh": wh / 1e3} for ah, wh in pairs],
            "d_plus_v": d_plus / 100,
            "d_minus_v": d_minus / 100,
            "charge_mode": CHARGE_MODES[mode] if mode < len(CHARGE_MODES) else "unknown",
            "resistance_ohm": resistance / 10,
        }
        volts, amperes = voltage * self._model.volts_per_step, current * self._model.amperes_per_step
        return Reading(volts, amperes, power / 1e3, details=details)


class UmMeter(PolledSerialMeter):
    """Polls twice as often as the meter measures, so that no refresh is missed.

    Repeats are counted as such.
    """

    model: Model
    request = b"\xf0"
    frame_bytes = FRAME_BYTES
    baudrate = 9600
    answer_within_s = 0.8
    shortest_period_s = 0.25

    def make_decoder(self) -> UmDecoder:
        """See the base class."""
        return UmDecoder(self.model)

    def identify(self) -> dict[str, str | None]:
        """See the base class; these meters tell neither firmware nor serial number."""
        self.first_reading()
        return {"model": self.model.name, "firmware": None, "serial": None}

    def take_accumulators(self) -> dict[str, float] | None:
        """See the base class; all groups are summed, so that switching the group changes nothing."""
        if self.newest is None or self.newest.details is None:
            return None
        groups = self.newest.details["groups"]
        return {key: sum(group[key] for group in groups) for key in ("energy_wh", "charge_ah")}

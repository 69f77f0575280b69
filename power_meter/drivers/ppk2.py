"""Nordic PPK2: current only, 100,000 readings a second on its USB serial port, here as means over a millisecond.

Written from the documented stream; no library is needed. It takes 1 A and 5 V at most, so it suits a Pi Zero and no
larger board. It does not measure the voltage: the options say what it is.
"""

from __future__ import annotations

import contextlib
import math
import re
import time
from typing import Any

from power_meter.contract import (
    Caps,
    Decoder,
    DriverInfo,
    MeterError,
    Reading,
    UsageError,
    number_option,
)
from power_meter.optional import library
from power_meter.streaming import StreamingMeter
from power_meter.transports.serial_port import SerialPort

INFO = DriverInfo(
    name="ppk2",
    transport="serial",
    help="Nordic PPK2 on its USB serial port: at most 1 A and 5 V",
    caps=Caps(
        nominal_hz=1000,
        update_hz=1000,
        group_delay_s=0.0,
        v_resolution=1e-3,
        i_resolution=1e-7,
        v_range=5.1,
        i_range=1.2,
        u_v_pct=1.0,
        u_i_pct=10.0,  # no specification could be confirmed, and users report large errors: wide on purpose
        timestamp="device_tick",
        batch=30,
    ),
    usb_ids=("1915:c00a",),
    usb_interface="1",
    options={
        "supply_v": "ampere mode: the volts of the supply that the PPK2 sits in, which it does not measure",
        "source_mv": "source mode: the PPK2 feeds the board with so many millivolts, 800 to 5000",
    },
)

METADATA, MODE, VOLTAGE, OUTPUT, START, STOP = 0x19, 0x11, 0x0D, 0x0C, 0x06, 0x07
AMPERE_MODE, SOURCE_MODE = 1, 2
RANGES = 5
RESISTANCE_OHM = (1031.64, 101.65, 10.15, 0.94, 0.043)
VOLTS_PER_STEP = 1.8 / 163840
WORD_BYTES, BLOCK_WORDS, WORD_NS = 4, 100, 10_000
COUNTER_MASK = 0x3F
SETTLING_WORDS = 3  # after the instrument has switched its range
MOSTLY = 0.5
BATCH_S, METADATA_S = 0.03, 1.0
LINE = re.compile(r"^\s*(R|GS|GI|O|S|I|UG)([0-4]):\s*(\S+)\s*$", re.MULTILINE)
DEFAULTS = {"R": RESISTANCE_OHM, "GS": (1.0,) * 5, "GI": (1.0,) * 5, "UG": (1.0,) * 5}

Calibration = dict[str, list[float]]


def calibration(text: str = "") -> Calibration:
    """Return the modifiers of each range, from the instrument's metadata where it has them.

    Raises:
        MeterError: a modifier is no number.
    """
    found: Calibration = {
        name: list(DEFAULTS.get(name, (0.0,) * RANGES)) for name in ("R", "GS", "GI", "O", "S", "I", "UG")
    }
    for name, index, number in LINE.findall(text):
        try:
            value = float(number)
        except ValueError as error:
            raise MeterError(f"metadata of the PPK2: {name}{index} is {number!r:.40}, no number") from error
        if math.isfinite(value) and (value or name != "R"):  # a resistance of zero is that of no unit
            found[name][int(index)] = value
    return found


class Ppk2Decoder(Decoder):
    """Means over 100 words of 32 bits: 14 bits of reading, 3 of range, 6 of counter, 8 of logic inputs.

    The counter shows lost words, and whether the words begin where they are thought to.

    Args:
        volts: of the supply.
        modifiers: of each range; the nominal ones unless given.
    """

    def __init__(self, volts: float = 5.0, modifiers: Calibration | None = None) -> None:
        super().__init__()
        self._np = library("numpy", INFO.name)
        self._volts = volts
        self._modifiers = {
            name: self._np.array(values) for name, values in (modifiers or calibration()).items()
        }
        self._buffer = b""
        self._words = 0
        self._counter: int | None = None

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        self._buffer += data
        readings: list[Reading] = []
        size = BLOCK_WORDS * WORD_BYTES
        position = 0
        while len(self._buffer) - position >= size + WORD_BYTES:
            shift = self._misplaced(position)
            if shift:
                self.reject("garbage", "the words do not follow each other: bytes were lost")
                self.counters["resyncs"] += 1
                self._counter = None
                position += shift
                continue
            words = self._np.frombuffer(self._buffer, "<u4", BLOCK_WORDS, position)
            position += size
            readings += self._block(words)
        self._buffer = self._buffer[position:]
        return readings

    def finish(self) -> None:
        """See the base class. Less than a millisecond at the end is no reading, and no fault."""
        if len(self._buffer) % WORD_BYTES:
            self.reject("short_frames", "the input ends within a word")
        self.reset()

    def reset(self) -> None:
        """See the base class."""
        self._buffer, self._counter = b"", None

    def _misplaced(self, position: int) -> int:
        """Return how many bytes to leave out until the counters of the words follow each other."""
        share = [self._in_order(position + shift) for shift in range(WORD_BYTES)]
        if share[0] > MOSTLY:
            return 0
        best = max(range(WORD_BYTES), key=share.__getitem__)
        return best if best and share[best] > MOSTLY else BLOCK_WORDS * WORD_BYTES

    def _in_order(self, position: int) -> float:
        words = self._np.frombuffer(self._buffer, "<u4", BLOCK_WORDS, position)
        return float(self._np.mean(self._np.diff(words >> 18 & COUNTER_MASK) & COUNTER_MASK == 1))

    def _block(self, words: Any) -> list[Reading]:
        np = self._np
        counters = (words >> 18 & COUNTER_MASK).astype(np.int64)
        before = int(counters[0]) - 1 if self._counter is None else self._counter
        steps = np.diff(counters, prepend=before) & COUNTER_MASK
        lost = int(np.sum((steps - 1) & COUNTER_MASK))
        self._counter = int(counters[-1])
        self._words += BLOCK_WORDS + lost
        if lost:
            self.counters["lost_words"] += lost
            self.last_reason = f"{lost} words were lost on the way"
        ranges = (words >> 14 & 7).astype(np.int64)
        if ranges.max() >= RANGES:
            self.reject("implausible", f"there is no range {ranges.max()}")
            return []
        reading = self._reading(words, ranges)
        if not self.plausible(reading, INFO.caps):
            return []
        self.counters["frames"] += 1
        return [reading]

    def _reading(self, words: Any, ranges: Any) -> Reading:
        np = self._np
        own = {name: values[ranges] for name, values in self._modifiers.items()}
        with np.errstate(
            all="ignore"
        ):  # what a damaged calibration makes of a word is judged by its plausibility
            x = ((words & 0x3FFF) * 4.0 - own["O"]) * VOLTS_PER_STEP / own["R"]
            amperes = own["UG"] * (x * (own["GS"] * x + own["GI"]) + own["S"] * self._volts + own["I"])
        switched = np.flatnonzero(np.diff(ranges)) + 1
        settled = np.ones(len(words), bool)
        for place in switched:
            settled[place : place + SETTLING_WORDS] = False
        current = float(np.mean(amperes[settled] if settled.any() else amperes))
        sequence = self._words // BLOCK_WORDS
        details = {"logic": int(words[-1] >> 24), "range": int(ranges[-1])}
        power = self._volts * abs(current)
        return Reading(
            self._volts, current, power, device_ns=self._words * WORD_NS, sequence=sequence, details=details
        )


class Ppk2(StreamingMeter):
    """Stops the stream before it asks for anything: an answer among readings cannot be told apart."""

    info = INFO
    decoder: Ppk2Decoder

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        source_mv, supply_v = number_option(options, "source_mv"), number_option(options, "supply_v")
        if (source_mv is None) == (supply_v is None):
            raise UsageError(
                "driver 'ppk2': exactly one of the options 'supply_v' and 'source_mv' is needed: it measures no voltage"
            )
        if source_mv is not None and not 800 <= source_mv <= 5000:
            raise UsageError(f"option 'source_mv': found {source_mv!r}, valid: 800 to 5000")
        self._source_mv = source_mv
        self._volts = supply_v if source_mv is None else source_mv / 1000
        self.decoder = Ppk2Decoder(self._volts or 0.0)
        self._serial = SerialPort(port, 115200, 0.5)

    def identify(self) -> dict[str, str | None]:
        """See the base class. The metadata ends with END and holds the calibration of this very unit."""
        self._serial.write(bytes([STOP]))
        self._serial.drain()
        self._serial.write(bytes([METADATA]))
        text, deadline_s = "", time.monotonic() + METADATA_S
        while "END" not in text and time.monotonic() < deadline_s:
            text += self._serial.read_available(0.1).decode("ascii", "replace")
        if "END" not in text:
            raise MeterError(f"port {self.port}: no PPK2 answers there (metadata is {text!r:.60})")
        self.decoder = Ppk2Decoder(self._volts or 0.0, calibration(text))
        hardware = re.search(r"^\s*HW:\s*(\S+)", text, re.MULTILINE)
        return {"model": "PPK2", "firmware": hardware[1] if hardware else None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class; the rate is fixed. In source mode the board is fed from here on."""
        self._serial.write(bytes([STOP]))
        self._serial.drain()
        self.decoder.reset()
        self._serial.write(bytes([MODE, AMPERE_MODE if self._source_mv is None else SOURCE_MODE]))
        if self._source_mv is not None:
            high, low = divmod(round(self._source_mv) - 800 + 32, 256)
            self._serial.write(bytes([VOLTAGE, 3 + high, low]))
        self._serial.write(bytes([OUTPUT, 1]))
        self._serial.write(bytes([START]))

    def receive(self) -> list[bytes]:
        """See the base class."""
        time.sleep(BATCH_S)
        return [self._serial.read_available(0.25)]

    def stop(self) -> None:
        """See the base class; the board stays on."""
        self._serial.write(bytes([STOP]))

    def close(self) -> None:
        """See the base class."""
        with contextlib.suppress(MeterError):  # when the meter is gone, so is its stream
            self.stop()
        self._serial.close()


METER = Ppk2
PARSER = Ppk2Decoder  # not DECODER: its bytes alone do not say the voltage

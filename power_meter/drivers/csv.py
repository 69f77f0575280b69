"""The CSV that any other instrument's software writes, followed while it grows.

``port`` is the file. The first line names the columns; the options say which are which. A file without a
power column gets voltage times current.
"""

from __future__ import annotations

import csv
import io
import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

from power_meter.contract import (
    Caps,
    Decoder,
    DriverInfo,
    Meter,
    MeterError,
    MeterUnpluggedError,
    Reading,
    Sample,
)

INFO = DriverInfo(
    name="csv",
    transport="file",
    help="a CSV file that another instrument's software is writing",
    caps=Caps(
        nominal_hz=1,
        update_hz=1,
        group_delay_s=0.5,
        v_resolution=1e-6,
        i_resolution=1e-6,
        v_range=1000.0,
        i_range=1000.0,
        signed=True,
    ),
    scopes=("dc_input", "wall_ac", "module_input"),
    options={
        "voltage_column": "name of the column of volts (default: voltage_v)",
        "current_column": "name of the column of amperes (default: current_a)",
        "power_column": "name of the column of watts (default: power_w)",
    },
)

POLL_S = 0.1


class CsvDecoder(Decoder):
    """Reads whole lines; a line without the numbers it needs is counted and left out."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__()
        given = options or {}
        self._names = [str(given.get(f"{name}_column", name + unit)) for name, unit in COLUMN_UNITS]
        self._header: list[str] | None = None
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        whole, newline, self._buffer = (self._buffer + data).rpartition(b"\n")
        text = (whole + newline).decode("utf-8", "replace").replace("\0", "\ufffd")
        readings = []
        for line in text.splitlines():
            row = self._split(line)
            if not row:
                continue
            if self._header is None:
                self._take_header(row)
            elif (reading := self._reading(dict(zip(self._header, row, strict=False)))) is not None:
                readings.append(reading)
        return readings

    def _split(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line]), [])
        except csv.Error as error:
            self.reject("short_frames", f"a line is no CSV: {error}")
            return []

    def finish(self) -> None:
        """See the base class; a last line without its end may be half of a number."""
        if self._buffer.strip():
            self.reject("short_frames", "the last line does not end")
        self._buffer = b""

    def _take_header(self, row: list[str]) -> None:
        self._header = [name.strip() for name in row]
        if not set(self._names[:2]) <= set(self._header):
            found = ", ".join(self._header[:10])
            self.reject(
                "short_frames", f"columns {self._names[0]}, {self._names[1]} are not among: {found:.200}"
            )

    def _reading(self, row: dict[str, str]) -> Reading | None:
        try:
            voltage, current = (float(row[name]) for name in self._names[:2])
            power = float(row[self._names[2]]) if row.get(self._names[2]) else voltage * abs(current)
        except (KeyError, ValueError) as error:
            self.reject("short_frames", f"a line lacks a number: {error!s:.80}")
            return None
        reading = Reading(voltage, current, power)
        if not math.isfinite(power) or not self.plausible(reading, INFO.caps):
            return None
        self.counters["frames"] += 1
        return reading


COLUMN_UNITS = (("voltage", "_v"), ("current", "_a"), ("power", "_w"))


class CsvMeter(Meter):
    """Follows the file from its end and stamps each line when it appears."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self._decoder = CsvDecoder(options)
        try:
            self._file = Path(port).open("rb")  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise MeterUnpluggedError(f"port {port}: {error.strerror}") from error

    @property
    def counters(self) -> Counter[str]:
        """See the base class."""
        return self._decoder.counters

    def identify(self) -> dict[str, str | None]:
        """See the base class; checks the header."""
        self._decoder.feed(self._file.readline())
        if self._decoder.bad:
            raise MeterError(f"port {self.port}: {self._decoder.last_reason}")
        return {"model": None, "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class. Lines written before now have no known time and are left out."""
        self._file.seek(0, io.SEEK_END)

    def read(self) -> list[Sample]:
        """See the base class."""
        time.sleep(POLL_S)
        readings = self._decoder.feed(self._file.read())
        now_ns = time.monotonic_ns()
        return [Sample(now_ns + number, *reading[:3]) for number, reading in enumerate(readings)]

    def close(self) -> None:
        """See the base class."""
        self._file.close()


METER = CsvMeter
DECODER = CsvDecoder

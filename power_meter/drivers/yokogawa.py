"""Yokogawa WT310, WT310E and WT333E through PyVISA: the first three numbers of an element are V, A and W."""

from __future__ import annotations

import math
from typing import Any

from power_meter.contract import (
    Caps,
    DriverInfo,
    MeterError,
    MeterUnpluggedError,
    UsageError,
    number_option,
)
from power_meter.optional import library
from power_meter.polled_values import PolledValuesMeter

LIBRARY = "pyvisa"
TIMEOUT_MS = 2000
VALUES_PER_ELEMENT = 10
OVER_RANGE = 9e36  # the instrument's mark for a value that it does not have is 9.91E+37 or 9.9E+37
POLLS_PER_UPDATE = 2

INFO = DriverInfo(
    name="yokogawa",
    transport="library",
    help="Yokogawa WT310/WT310E/WT333E through PyVISA: port TCPIP::HOST::INSTR or USB0::…::INSTR",
    caps=Caps(
        nominal_hz=4,
        update_hz=4,
        group_delay_s=0.125,
        v_resolution=1e-3,
        i_resolution=1e-5,
        v_range=1000.0,
        i_range=50.0,
        u_v_pct=0.11,
        u_i_pct=0.11,  # together 0.15 % of power, the maker's basic accuracy
        signed=True,
    ),
    scopes=("wall_ac", "dc_input"),
    options={
        "element": "which input element, 1 to 3 (default: 1)",
        "update_s": "the update interval that is set on the instrument (default: 0.25)",
        "visa": "the VISA implementation (default: @py, which is pyvisa-py)",
    },
)


class Yokogawa(PolledValuesMeter):
    """Asks twice in every update interval; repeats are counted as such. Ranges are left as they are set."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        self._update_s = number_option(options, "update_s", 0.25) or 0.25
        element = options.get("element", 1)
        if element not in (1, 2, 3):
            raise UsageError(f"option 'element': found {element!r}, valid: 1, 2, 3")
        if "::" not in port:
            raise UsageError(f"port {port!r}: valid: a VISA resource such as TCPIP::192.0.2.7::INSTR")
        first = (element - 1) * VALUES_PER_ELEMENT + 1
        self._questions = [f":NUMERIC:NORMAL:VALUE? {first + k}" for k in range(3)]
        super().__init__(port, options)
        self._visa = library(LIBRARY, INFO.name)
        self._errors = (self._visa.errors.Error, OSError, ValueError)
        try:
            self._manager = self._visa.ResourceManager(options.get("visa", "@py"))
            self._instrument = self._manager.open_resource(port)
            self._instrument.timeout = TIMEOUT_MS
            self._instrument.write_termination = self._instrument.read_termination = "\n"
        except self._errors as error:
            raise MeterUnpluggedError(f"port {port}: {error}") from error
        self._failures = 0

    @property
    def caps(self) -> Caps:
        """See the base class. Polls come more often than updates, so that none is missed."""
        rate_hz = 1 / self._update_s
        own = {
            "nominal_hz": POLLS_PER_UPDATE * rate_hz,
            "update_hz": rate_hz,
            "group_delay_s": self._update_s / 2,
        }
        return Caps(**{**vars(INFO.caps), **own})

    def identify(self) -> dict[str, str | None]:
        """See the base class."""
        answer = self._ask("*IDN?")
        parts = [part.strip() for part in answer.split(",")]
        if len(parts) < 4 or parts[0].upper() != "YOKOGAWA":
            raise MeterError(f"port {self.port}: no Yokogawa answers there ({answer!r:.80})")
        self.measure()
        return {"model": parts[1], "firmware": parts[3], "serial": parts[2]}

    def measure(self) -> tuple[float, float, float]:
        """See the base class."""
        answers = [self._ask(question) for question in self._questions]
        try:
            volts, amperes, watts = (float(answer) for answer in answers)
        except ValueError as error:
            raise MeterError(f"port {self.port}: no numbers: {answers!r:.80}") from error
        if not all(math.isfinite(value) and abs(value) < OVER_RANGE for value in (volts, amperes, watts)):
            raise MeterError(f"port {self.port}: over range: {answers!r:.80}")
        self._failures = 0
        return volts, amperes, watts

    def _ask(self, question: str) -> str:
        try:
            return str(self._instrument.query(question)).strip()
        except self._errors as error:
            self._failures += 1
            raise MeterError(f"port {self.port}: {question}: {error}") from error

    def check_present(self) -> None:
        """See the base class: three questions in a row without an answer."""
        if self._failures >= len(self._questions):
            raise MeterUnpluggedError(f"port {self.port}: the instrument does not answer")

    def close(self) -> None:
        """See the base class."""
        try:
            self._instrument.close()
            self._manager.close()
        except self._errors:
            return


METER = Yokogawa

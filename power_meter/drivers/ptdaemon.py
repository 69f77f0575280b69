"""SPEC PTDaemon, the licensed program that reads power analysers for MLPerf, over its TCP line protocol.

PTDaemon itself runs beside the analyser; this is a client of its documented commands. Its samples carry the time of
day of its machine, whose clock is followed as a meter's own is.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from datetime import UTC, datetime
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
from power_meter.pacing import Pace
from power_meter.streaming import StreamingMeter
from power_meter.transports.lines import LinePort

INFO = DriverInfo(
    name="ptdaemon",
    transport="network",
    help="a power analyser behind SPEC PTDaemon (licensed, not included): port tcp://HOST:8888",
    caps=Caps(
        nominal_hz=1,
        update_hz=1,
        group_delay_s=0.5,
        v_resolution=1e-3,
        i_resolution=1e-4,
        v_range=1000.0,
        i_range=100.0,
        u_v_pct=0.1,
        u_i_pct=0.1,
        timestamp="device_ms",
        signed=True,
    ),
    scopes=("wall_ac", "dc_input"),
    options={"interval_ms": "milliseconds between samples (default: 1000, as MLPerf asks)"},
)

GREETING = "Hello, PTDaemon here!"
READ_COMMANDS = (
    "RL",
    "RL,*,*",
    "DC-RL",
)  # one channel, several, direct current; an analyser knows one of them
STARTED = "Starting untimed measurement"
ANSWER_S = 5.0
LONGEST_WAIT_S = 0.25
TIME_FORMAT = "%d-%m-%Y %H:%M:%S.%f"


class PtdDecoder(Decoder):
    """Reads the lines of a PTDaemon log: ``Time,…,Watts,…,Volts,…,Amps,…,PF,…,Mark,…``; others are left out."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        texts = (line.decode("ascii", "replace").strip() for line in lines)
        return [reading for text in texts if (reading := self.line(text)) is not None]

    def finish(self) -> None:
        """See the base class; a last line without its end may be half of a number."""
        if self._buffer.strip():
            self.reject("short_frames", "the last line does not end")
        self._buffer = b""

    def reset(self) -> None:
        """See the base class."""
        self._buffer = b""

    def line(self, text: str) -> Reading | None:
        """Return the sample that one line holds; one that holds none but should is counted."""
        if not text or text.startswith(("#", "Notice")):
            return None
        fields = text.split(",")
        values = dict(zip(fields[::2], fields[1::2], strict=False))
        try:
            watts, volts, amperes = (float(values[name]) for name in ("Watts", "Volts", "Amps"))
            moment = datetime.strptime(values["Time"], TIME_FORMAT).replace(tzinfo=UTC)
        except (KeyError, ValueError) as error:
            self.reject("short_frames", f"no line of a power log: {error!s:.60} in {text!r:.80}")
            return None
        if watts < 0:  # PTDaemon's way of saying that it could not read
            self.reject("implausible", f"{watts:g} W is its mark for a sample that failed")
            return None
        reading = Reading(volts, amperes, watts, device_ns=round(moment.timestamp() * 1000) * 1_000_000)
        if not math.isfinite(watts) or not self.plausible(reading, INFO.caps):
            return None
        self.counters["frames"] += 1
        return reading._replace(details=_details(values))


def _details(values: dict[str, str]) -> dict[str, Any]:
    details: dict[str, Any] = {"time": values["Time"], "mark": values.get("Mark")}
    with contextlib.suppress(KeyError, ValueError):
        factor = float(values["PF"])
        details["power_factor"] = factor if math.isfinite(factor) else None
    return details


class PtDaemon(StreamingMeter):
    """Starts an untimed measurement and fetches the samples that it has not fetched yet."""

    info = INFO
    decoder: PtdDecoder

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        if port in ("auto", ""):
            raise UsageError("driver 'ptdaemon': port must say where it listens: tcp://HOST:8888")
        self.decoder = PtdDecoder()
        self._interval_ms = round(number_option(options, "interval_ms", 1000) or 1000)
        self._fetch: str | None = None
        self._lines = LinePort(port, ANSWER_S)
        self._pace = Pace(0.0)

    @property
    def caps(self) -> Caps:
        """See the base class."""
        rate_hz = 1000 / self._interval_ms
        own = {"nominal_hz": rate_hz, "update_hz": rate_hz, "group_delay_s": 0.5 / rate_hz}
        return Caps(**{**vars(INFO.caps), **own})

    def identify(self) -> dict[str, str | None]:
        """See the base class. Device type 0 of PTDaemon is a dummy that makes its numbers up: it says so itself."""
        if (answer := self._ask("Hello")) != GREETING:
            raise MeterError(f"port {self.port}: no PTDaemon answers there ({answer!r:.80})")
        model = self._ask("Identify")
        self.start()
        self.wait_for_first()
        return {"model": model, "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class."""
        if rate_hz:
            self._interval_ms = max(1, round(1000 / rate_hz))
        self._ask(
            "Stop"
        )  # whatever an earlier client left running; the answer is then an error, and no matter
        answer = self._ask(f"Go,{self._interval_ms},0,edgebench")
        if not answer.startswith(STARTED):
            raise MeterError(f"port {self.port}: refused to measure: {answer!r:.80}")
        self._pace = Pace(min(self._interval_ms / 1000, LONGEST_WAIT_S))

    def receive(self) -> Iterator[bytes]:
        """See the base class."""
        self._pace.wait()
        for command in [self._fetch] if self._fetch else READ_COMMANDS:
            head = self._ask(command).split()
            if len(head) >= 2 and head[0] == "Last" and head[1].isdigit():
                self._fetch = command
                for _ in range(int(head[1])):
                    yield (self._answer() + "\n").encode()
                return
        raise MeterError(f"port {self.port}: knows none of {', '.join(READ_COMMANDS)}")

    def stop(self) -> None:
        """See the base class."""
        self._ask("Stop")

    def close(self) -> None:
        """See the base class."""
        self._lines.close()

    def _ask(self, command: str) -> str:
        self._lines.write(command)
        return self._answer()

    def _answer(self) -> str:
        answer = self._lines.read(ANSWER_S)
        if answer is None:
            raise MeterError(f"port {self.port}: no answer within {ANSWER_S:g} s")
        return answer


METER = PtDaemon
DECODER = PtdDecoder

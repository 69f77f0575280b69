"""Simulated PTDaemon with its dummy analyser, written from the published list of commands and its log's layout."""

from __future__ import annotations

import datetime
import math

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

EPOCH = datetime.datetime(2026, 11, 26, 9, 0, 0)


def log_line(shown: Quantities, at_s: float, mark: str) -> str:
    """Return one sample as the log and the read-out show it."""
    moment = EPOCH + datetime.timedelta(seconds=at_s)
    stamp = f"{moment:%d-%m-%Y %H:%M:%S}.{moment.microsecond // 1000:03d}"
    numbers = f"Watts,{shown.power_w:.6f},Volts,{shown.voltage_v:.6f},Amps,{shown.current_a:.6f},PF,1.000000"
    return f"Time,{stamp},{numbers},Mark,{mark}"


class SimulatedPTDaemon(SimulatedDevice):
    """Answers one line a command, and ``RL`` with what has not been read yet."""

    transport = "network"
    own_faults = ("gap",)
    properties = MeterProperties(update_s=0.1, boxcar_s=1.0, noise_w=0.002, voltage_v=230.0, source_ohm=0.0)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._line = b""
        self._interval_s = 1.0
        self._next_s: float | None = None
        self._mark = ""
        self._unread: list[str] = []

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey every whole line."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            for answer in self._obey(line.decode("ascii", "replace").strip(), now_s):
                self.send((answer + "\r\n").encode(), now_s + 0.001)

    def _obey(self, command: str, now_s: float) -> list[str]:
        word, *parameters = command.split(",")
        if word == "Hello":
            return ["Hello, PTDaemon here!"]
        if word == "Identify":
            return ["Dummy,deviceType 0,simulated"]
        if word == "RR":
            return ["Ranges,1,-1.0,1,-1.0"]
        if word == "SR" and len(parameters) == 2:
            return [f"Range {parameters[0]} changed"]
        if word == "Uncertainty":
            return ["Uncertainty checking for Yokogawa disabled"]
        if word == "Go" and len(parameters) == 3 and self._next_s is None:
            self._interval_s, self._mark = int(parameters[0]) / 1000, parameters[2]
            self._next_s, self._unread = now_s + self._interval_s, []
            return [
                f"Starting untimed measurement, maximum 500000 samples at {parameters[0]}ms with 0 rampup samples"
            ]
        if word == "Stop" and self._next_s is not None:
            self._next_s = None
            return ["Stopping untimed measurement"]
        if word in ("Stop", "Go"):
            return [
                "Error: no measurement to stop"
                if word == "Stop"
                else "Error: a measurement is already running"
            ]
        if command == "RL":
            unread, self._unread = self._unread, []
            return [f"Last {len(unread)} samples", *unread]
        if word == "Watts":
            return [f"Watts,{self.model.at(now_s).power_w:.6f}"]
        return [f"Unknown command: {word}"]

    def advance(self, now_s: float) -> None:
        """Take every sample up to now; a gap takes none."""
        while self._next_s is not None and self._next_s <= now_s:
            if not self.faults.active("gap", self._next_s):
                self._unread.append(log_line(self.model.at(self._next_s), self._next_s, self._mark))
            self._next_s += self._interval_s

    def next_event_s(self) -> float:
        """Return when the next sample is due."""
        return self._next_s if self._next_s is not None else math.inf


SIMULATOR = SimulatedPTDaemon

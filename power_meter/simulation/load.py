"""What a simulated meter is connected to: a load whose true power is known."""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import deque
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

from power_meter.contract import UsageError

CGROUP = "cgroup:"


class Load(Protocol):
    """True power over time; times are seconds of the simulator's own clock, from its start."""

    def observe(self, now_s: float) -> None:
        """Take note of the present, for loads that cannot be asked about the past."""

    def energy_j(self, until_s: float) -> float:
        """Return the energy drawn from 0 to ``until_s``."""


def mean_power_w(load: Load, start_s: float, end_s: float) -> float:
    """Return the mean power over [start, end], which must not be empty."""
    return (load.energy_j(end_s) - load.energy_j(start_s)) / (end_s - start_s)


class ScriptLoad:
    """Steps of constant power. Before the first step and after the last, the nearest step's power holds."""

    def __init__(self, steps: list[tuple[float, float]], *, repeat: bool = False) -> None:
        if not steps or any(duration <= 0 for duration, _ in steps):
            raise UsageError("a load script needs at least one step, each with duration_s > 0")
        self._powers = [power for _, power in steps]
        self._edges = [0.0, *accumulate(duration for duration, _ in steps)]
        self._energies = [0.0, *accumulate(duration * power for duration, power in steps)]
        self._repeat = repeat

    def observe(self, now_s: float) -> None:
        """A script knows its past and future."""

    def energy_j(self, until_s: float) -> float:
        """See Load."""
        total_s, total_j = self._edges[-1], self._energies[-1]
        rounds = 0.0
        if self._repeat and until_s > 0:
            rounds, until_s = divmod(until_s, total_s)
        step = min(max(bisect_right(self._edges, until_s) - 1, 0), len(self._powers) - 1)
        return rounds * total_j + self._energies[step] + (until_s - self._edges[step]) * self._powers[step]


class CpuLoad(ABC):
    """Maps CPU utilisation onto ``idle_w`` to ``busy_w``."""

    HISTORY_S = 5.0
    SHORTEST_S = 0.02  # the kernel counts in hundredths of a second

    def __init__(self, idle_w: float, busy_w: float) -> None:
        self._idle_w, self._span_w = idle_w, busy_w - idle_w
        self._busy, self._total = self.used()
        self._history: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self._power_w = idle_w

    @abstractmethod
    def used(self) -> tuple[int, int]:
        """Return the processor time that was used since some beginning, and what could have been, in one unit."""

    def observe(self, now_s: float) -> None:
        """Add the energy since the last observation to the history."""
        last_s, last_j = self._history[-1]
        if now_s < last_s + self.SHORTEST_S:
            return
        busy, total = self.used()
        if total <= self._total:
            return
        utilisation = min(max((busy - self._busy) / (total - self._total), 0.0), 1.0)
        self._busy, self._total = busy, total
        self._power_w = self._idle_w + utilisation * self._span_w
        self._history.append((now_s, last_j + (now_s - last_s) * self._power_w))
        while len(self._history) > 2 and self._history[1][0] < now_s - self.HISTORY_S:
            self._history.popleft()

    def energy_j(self, until_s: float) -> float:
        """See Load; interpolated between observations, idle before the first, as busy as last seen after the newest."""
        after = None
        for at_s, energy in reversed(self._history):
            if at_s <= until_s:
                if after is None:
                    return energy + (until_s - at_s) * self._power_w
                fraction = (until_s - at_s) / (after[0] - at_s)
                return energy + fraction * (after[1] - energy)
            after = (at_s, energy)
        first_s, first_j = self._history[0]
        return first_j - (first_s - until_s) * self._idle_w


class HostCpuLoad(CpuLoad):
    """All of this machine, from /proc/stat."""

    def __init__(self, idle_w: float, busy_w: float, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        super().__init__(idle_w, busy_w)

    def used(self) -> tuple[int, int]:
        """See the base class; the kernel's ticks."""
        fields = [int(text) for text in self._stat.read_text().split("\n", 1)[0].split()[1:9]]
        return sum(fields) - fields[3] - fields[4], sum(fields)


class CgroupCpuLoad(CpuLoad):
    """One control group, of either version: the load of one board of several on this machine, and of nothing else.

    Raises:
        UsageError: there is no such group, or it does not account for processor time.
    """

    def __init__(self, idle_w: float, busy_w: float, group: Path) -> None:
        first, second = group / "cpuacct.usage", group / "cpu.stat"
        self._file = first if first.exists() else second
        self._cores = os.cpu_count() or 1
        try:
            super().__init__(idle_w, busy_w)
        except (OSError, ValueError, StopIteration) as error:
            raise UsageError(
                f"load cgroup:{group}: valid: a directory with {first.name} or {second.name}"
            ) from error

    def used(self) -> tuple[int, int]:
        """See the base class; nanoseconds."""
        text = self._file.read_text()
        if self._file.name == "cpu.stat":
            lines = (line.split() for line in text.splitlines())
            text = next(words[1] + "000" for words in lines if words[0] == "usage_usec")
        return int(text), time.monotonic_ns() * self._cores


def load_from(name: str, idle_w: float, busy_w: float) -> Load:
    """Return the load called ``host_cpu``, that of ``cgroup:DIRECTORY``, or the one of the script file ``name``.

    Raises:
        UsageError: the file is missing or is no load script.
    """
    if name == "host_cpu":
        return HostCpuLoad(idle_w, busy_w)
    if name.startswith(CGROUP):
        return CgroupCpuLoad(idle_w, busy_w, Path(name.removeprefix(CGROUP)))
    script = read_script(Path(name))
    steps = [(step["duration_s"], step["power_w"]) for step in script["steps"]]
    return ScriptLoad(steps, repeat=bool(script.get("repeat", False)))


def read_script(path: Path) -> dict[str, Any]:
    """Return a checked load script: ``{"steps": [{"duration_s", "power_w"}], "repeat", "faults": [...]}``.

    Raises:
        UsageError: unreadable, not JSON, or a value of the wrong kind; the message names the file and the
            key.
    """
    try:
        script = json.loads(path.read_text())
    except OSError as error:
        raise UsageError(
            f"load script {path}: {error.strerror}; valid: host_cpu, cgroup:DIRECTORY or a JSON file"
        ) from error
    except ValueError as error:
        raise UsageError(f"load script {path}: not JSON: {error}") from error
    steps = script.get("steps") if isinstance(script, dict) else None
    if not isinstance(steps, list) or not steps:
        raise UsageError(f"load script {path}: key 'steps' must be a list of {{duration_s, power_w}}")
    for number, step in enumerate(steps):
        for key in ("duration_s", "power_w"):
            value = step.get(key) if isinstance(step, dict) else None
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise UsageError(
                    f"load script {path}: key 'steps[{number}].{key}': found {value!r}, valid: a number >= 0"
                )
    return script


def clock_from_now() -> Clock:
    """Return a clock that starts at 0 now."""
    return Clock(time.monotonic_ns())


class Clock:
    """Seconds since ``origin_ns`` of CLOCK_MONOTONIC."""

    def __init__(self, origin_ns: int) -> None:
        self.origin_ns = origin_ns

    def now_s(self) -> float:
        """Return the seconds since the origin."""
        return (time.monotonic_ns() - self.origin_ns) / 1e9

"""Records a meter that is wired in the board, while a cell runs, as a power trace of the board's own clock."""

import json
import os
import platform
import resource
import struct
import threading
from typing import Any, Dict, List, Optional

from edgebench_runner import atomic, plugins
from edgebench_runner.clock import boot_id, now_ns, realtime_ns, utc_now
from edgebench_runner.meters import MeterError

FOLDER = "power"
_SAMPLE = struct.Struct("<qfff")
_CLOCK_EVERY_NS = 10 * 10**9


class BoardMeter(object):
    """Reads in a thread of its own until stopped; the samples stay in memory until ``write``, as telemetry does.

    Args:
        asked: the spec's ``meter``; ``None`` records nothing.
    """

    def __init__(self, asked: Optional[Dict[str, Any]]) -> None:
        self.error: Optional[str] = None
        self._asked = asked
        self._samples = bytearray()
        self._events: List[Dict] = []
        self._distinct, self._last, self._read_errors = 0, b"", 0
        self._cpu_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board-meter", daemon=True)
        if asked is None:
            return
        module = plugins.load("meters", asked["driver"])
        self._hz: float = module.HZ
        try:
            self._meter: Any = module.Meter(asked["port"], asked["options"])
        except MeterError as error:
            self.error = str(error)
            return
        self._started_utc = utc_now()
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def summary(self) -> Optional[Dict]:
        """Return the record's ``board_meter``: how many samples, at what cost in CPU seconds, and what failed."""
        if self._asked is None:
            return None
        return {
            "samples": len(self._samples) // _SAMPLE.size,
            "read_errors": self._read_errors,
            "cpu_s": self._cpu_s,
            "error": self.error,
        }

    def write(self, directory: str) -> None:
        """Write the trace into the folder ``power`` of a cell's directory, where there is one."""
        if self._asked is None or self.error is not None:
            return
        folder = os.path.join(directory, FOLDER)
        os.makedirs(folder)
        events = "".join(json.dumps(event) + "\n" for event in self._events)
        atomic.write_bytes(os.path.join(folder, "trace.bin"), bytes(self._samples))
        atomic.write_bytes(os.path.join(folder, "events.jsonl"), events.encode("utf-8"))
        atomic.write_json(os.path.join(folder, "summary.json"), self._counts())
        atomic.write_json(os.path.join(folder, "meter.json"), self._description())

    def _run(self) -> None:
        before = _cpu_s()
        self._event("start")
        self._clock()
        while not self._stop.wait(self._pause_s()):
            self._sample()
            if now_ns() - self._events[-1]["t_ns"] > _CLOCK_EVERY_NS:
                self._clock()
        self._clock()
        self._event("stop", reason="the cell has ended")
        self._cpu_s = _cpu_s() - before + getattr(self._meter, "children_cpu_s", 0.0)

    def _pause_s(self) -> float:
        """Return the time to the next multiple of the interval, so that reading does not make the rate drift."""
        interval_ns = int(1e9 / self._hz)
        return (interval_ns - now_ns() % interval_ns) / 1e9

    def _sample(self) -> None:
        begin_ns = now_ns()
        try:
            values = self._meter.read()
        except MeterError as error:
            if not self._read_errors:
                self._event("failed", reason=str(error))
            self._read_errors += 1
            return
        packed = _SAMPLE.pack((begin_ns + now_ns()) // 2, *values)
        self._distinct += packed[8:] != self._last
        self._last = packed[8:]
        self._samples += packed

    def _event(self, name: str, **more: Any) -> None:
        self._events.append(dict({"t_ns": now_ns(), "event": name}, **more))

    def _clock(self) -> None:
        begin_ns = now_ns()
        of_day_ns = realtime_ns()
        self._events.append(
            {"t_ns": begin_ns, "event": "clock", "realtime_ns": of_day_ns, "width_ns": now_ns() - begin_ns}
        )

    def _counts(self) -> Dict:
        n = len(self._samples) // _SAMPLE.size
        times = [_SAMPLE.unpack_from(self._samples, at * _SAMPLE.size)[0] for at in (0, n - 1) if n]
        span_s = (times[-1] - times[0]) / 1e9 if times else 0.0
        counts: Dict[str, Any] = dict.fromkeys(
            ("checksum_errors", "short_frames", "resyncs", "reconnects"), 0
        )
        counts.update(
            schema="edgebench/power_summary/1",
            frames=n,
            samples=n,
            read_errors=self._read_errors,
            duplicates=n - self._distinct,
            cpu_s=self._cpu_s,
            recorded_s=span_s,
            effective_hz=(self._distinct - 1) / span_s if self._distinct > 1 and span_s > 0 else None,
        )
        return counts

    def _description(self) -> Dict:
        assert self._asked is not None
        asked = self._asked
        return {
            "schema": "edgebench/power_trace/1",
            "meter": asked["name"],
            "driver": asked["driver"],
            "scope": asked["scope"],
            "simulated": False,
            "port": asked["port"],
            "options": asked["options"],
            "identity": self._meter.identity(),
            "caps": dict(
                asked["caps"], nominal_hz=self._hz, update_hz=min(self._hz, asked["caps"]["update_hz"])
            ),
            "host": platform.node(),
            "boot_id": boot_id(),
            "started_utc": self._started_utc,
            "record": "<qfff",
            "columns": ["t_ns", "voltage_v", "current_a", "power_w"],
        }


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_utime + usage.ru_stime

"""Samples of the board's state, taken in memory while a cell runs and written after it."""

import json
import os
import resource
import threading
from typing import Dict, List, Optional

from edgebench_runner import atomic, plugins
from edgebench_runner.clock import now_ns

FILE = "telemetry.jsonl"


class Board(object):
    """Every telemetry source of this board."""

    def __init__(self) -> None:
        self._probes = [module.Probe() for module in plugins.load_all("probes")]

    def sample(self) -> Dict:
        """Return one telemetry sample; what the board lacks is absent."""
        sample = {"t_ns": now_ns()}
        for probe in self._probes:
            sample.update(probe.read())
        return sample


class Sampler(object):
    """Samples in a thread of its own until stopped; costs nothing between samples.

    Args:
        board: the sources.
        interval_s: seconds between samples; ``None`` takes none.
    """

    def __init__(self, board: Board, interval_s: Optional[float]) -> None:
        self.samples: List[Dict] = []
        self.interval_s = interval_s
        self.cpu_s = 0.0
        self.error: Optional[str] = None
        self._board = board
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        if interval_s is not None:
            self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def summary(self) -> Dict:
        """Return the record's ``sampler``: samples, seconds between, cost in CPU seconds, failure."""
        return {
            "samples": len(self.samples),
            "interval_s": self.interval_s,
            "cpu_s": self.cpu_s,
            "error": self.error,
        }

    def doubts(self) -> List[str]:
        """Return why the samples do not tell of the whole cell: what was not looked at was not found to be good."""
        return ["telemetry_stopped"] if self.error else []

    def write(self, directory: str) -> None:
        """Write the samples, one JSON object a line."""
        text = "".join(json.dumps(sample) + "\n" for sample in self.samples)
        atomic.write_bytes(os.path.join(directory, FILE), text.encode("utf-8"))

    def _run(self) -> None:
        try:
            self._sample_until_stopped()
        except Exception as error:  # a thread that dies says nothing by itself
            self.error = "{}: {}".format(type(error).__name__, error)

    def _sample_until_stopped(self) -> None:
        while True:
            self.samples.append(self._board.sample())
            usage = resource.getrusage(resource.RUSAGE_THREAD)
            self.cpu_s = usage.ru_utime + usage.ru_stime
            if self._stop.wait(self.interval_s):
                return

"""What a worker says about itself while it runs: one JSON object a line, in a file that outlives it."""

import contextlib
import json
import os
from typing import Any, Dict, Iterator, List, Optional

from edgebench_runner.clock import now_ns

FILE = "progress.jsonl"


class Progress(object):
    """Appends events; each line reaches the kernel before the call returns."""

    def __init__(self, directory: str) -> None:
        self._file = os.open(os.path.join(directory, FILE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def say(self, event: str, **fields: Any) -> None:
        """Append one event."""
        line = json.dumps(dict(fields, event=event, t_ns=now_ns())) + "\n"
        os.write(self._file, line.encode("utf-8"))

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block as a phase of the cell; its end is written after its last clock reading."""
        self.say("phase_started", name=name)
        start_ns = now_ns()
        yield
        end_ns = now_ns()
        self.say("phase", name=name, start_ns=start_ns, end_ns=end_ns)


def read(directory: str) -> List[Dict]:
    """Return the events of a worker; a torn last line is left out."""
    try:
        with open(os.path.join(directory, FILE), encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except OSError:
        return []


def last(events: List[Dict], name: str) -> Optional[Dict]:
    """Return the last event of this name."""
    return next((event for event in reversed(events) if event["event"] == name), None)


def phases(events: List[Dict]) -> List[Dict]:
    """Return the phases that ended, and the one that did not with ``end_ns`` null."""
    ended = [
        {"name": event["name"], "start_ns": event["start_ns"], "end_ns": event["end_ns"]}
        for event in events
        if event["event"] == "phase"
    ]
    started = last(events, "phase_started")
    if started is not None and started["name"] not in [phase["name"] for phase in ended]:
        ended.append({"name": started["name"], "start_ns": started["t_ns"], "end_ns": None})
    return ended


def phase_of_death(events: List[Dict]) -> str:
    """Return the phase a worker was in when it said its last word."""
    open_phases = [phase["name"] for phase in phases(events) if phase["end_ns"] is None]
    if open_phases:
        return open_phases[-1]
    return "after " + phases(events)[-1]["name"] if phases(events) else "start"

"""The recorder as a process.

At most one per directory, detached on request, stopped by name or by a dead man.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from power_meter.contract import MeterError, UsageError

STATE_FILE = "recorder.json"
LOCK_FILE = "recorder.lock"
LOG_FILE = "recorder.log"


def process_start(pid: int) -> int | None:
    """Return the start time of a live process in clock ticks since boot (with the pid: unique), else None."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def running_recorder(directory: Path) -> dict[str, Any] | None:
    """Return the state of the recorder that is alive in ``directory``, else None."""
    try:
        state: dict[str, Any] = json.loads((directory / STATE_FILE).read_text())
    except (OSError, ValueError):
        return None
    return state if process_start(state["pid"]) == state["process_start"] else None


def lock(directory: Path) -> int:
    """Hold the directory for this process until it ends.

    Raises:
        UsageError: another recorder holds it.
    """
    fd = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        state = running_recorder(directory)
        who = f"pid {state['pid']}" if state else "another process"
        raise UsageError(f"--out {directory}: {who} is recording there already") from error
    return fd


def detach(arguments: list[str], directory: Path, ready_within_s: float) -> dict[str, Any]:
    """Start ``python -m power_meter`` in a session of its own and wait until it records.

    Raises:
        MeterError: it ended, or did not get a first sample in time; the message carries what it said.
    """
    log = directory / LOG_FILE
    with log.open("ab") as output:
        begin = output.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "power_meter", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline_s = time.monotonic() + ready_within_s
    while time.monotonic() < deadline_s and child.poll() is None:
        state = running_recorder(directory)
        if state is not None and state["pid"] == child.pid:
            return state
        time.sleep(0.05)
    said = log.read_bytes()[begin:].decode("utf-8", "replace").strip()
    if child.poll() is None:
        child.terminate()
        child.wait(5)
        said = f"no sample within {ready_within_s:g} s; {said}"
    if child.returncode == 2:
        raise UsageError(said.removeprefix("error: "))
    raise MeterError(said.removeprefix("error: ") or f"the recorder ended with {child.returncode}")


def stop_recorder(directory: Path, within_s: float) -> bool:
    """End the recorder of ``directory``; return False when none was running.

    Raises:
        MeterError: it is still there after ``within_s``.
    """
    state = running_recorder(directory)
    if state is None:
        return False
    with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
        os.kill(state["pid"], signal.SIGTERM)
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if running_recorder(directory) is None:
            return True
        time.sleep(0.05)
    raise MeterError(f"recorder pid {state['pid']} of {directory} has not ended within {within_s:g} s")


class DeadMan:
    """Notices that nobody touches a file any more. Modification times are compared, never subtracted from the
    present: the wall clock may step."""

    CHECK_S = 0.5

    def __init__(self, file: Path, limit_s: float) -> None:
        self._file, self._limit_s = file, limit_s
        self._mtime_ns: int | None = None
        self._reason: str | None = None
        self._checked_s = self._touched_s = time.monotonic()

    def reason(self) -> str | None:
        """Return why to stop, or None while the file is being touched; once dead, it stays dead."""
        now_s = time.monotonic()
        if self._reason is not None or now_s < self._checked_s + self.CHECK_S:
            return self._reason
        self._checked_s = now_s
        mtime_ns = self._file.stat().st_mtime_ns if self._file.exists() else None
        if mtime_ns != self._mtime_ns:
            self._mtime_ns, self._touched_s = mtime_ns, now_s
        silent_s = now_s - self._touched_s
        if silent_s > self._limit_s:
            self._reason = f"dead man: {self._file} untouched for {silent_s:.0f} s"
        return self._reason


def stop_reasons(dead_man: DeadMan | None) -> Callable[[], str | None]:
    """Return a function that says why to stop: a signal that came, or the dead man.

    Takes over three signals.
    """
    received: list[str] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: received.append(f"signal {signal.Signals(got).name}"))

    def reason() -> str | None:
        return received[0] if received else dead_man.reason() if dead_man else None

    return reason

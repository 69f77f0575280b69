"""Writes a power trace: append-only, so that a killed recorder loses at most what it had not yet flushed."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from power_meter.contract import Sample, UsageError

SCHEMA = "edgebench/power_trace/1"
RECORD = struct.Struct("<qfff")
COLUMNS = ("t_ns", "voltage_v", "current_a", "power_w")


def utc_now() -> str:
    """Return the time of day as RFC 3339 with ``Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def boot_id() -> str:
    """Return the kernel's boot id of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write beside the final name, fsync, rename."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def set_aside_other_boot(directory: Path) -> None:
    """Move a trace of an earlier boot into ``boot-<id>/``.

    Its clock started anew, so nothing can be appended to it.
    """
    try:
        earlier = json.loads((directory / "meter.json").read_text())["boot_id"]
    except (OSError, ValueError, KeyError):
        return
    if earlier == boot_id():
        return
    aside = directory / f"boot-{earlier}"
    aside.mkdir(exist_ok=True)
    for name in ("meter.json", "trace.bin", "events.jsonl", "summary.json"):
        if (directory / name).exists():
            (directory / name).replace(aside / name)


class TraceWriter:
    """Appends to ``trace.bin`` and ``events.jsonl`` of one directory. Not thread-safe: one thread writes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        if (directory / "trace.parquet").exists():
            raise UsageError(
                f"{directory}: holds an archived trace (trace.parquet); record into another directory"
            )
        self._trace = _open_append(directory / "trace.bin", torn_after=_whole_records)
        self._events = _open_append(directory / "events.jsonl", torn_after=_whole_lines)

    def samples(self, samples: Iterable[Sample]) -> None:
        """Append samples; they are in the kernel's hands when this returns, and so survive our death."""
        _write_all(self._trace, b"".join(RECORD.pack(s[0], s[1], s[2], s[3]) for s in samples))

    def event(self, name: str, t_ns: int | None = None, **fields: Any) -> None:
        """Append one event, of now unless ``t_ns`` says otherwise."""
        entry = {"t_ns": time.monotonic_ns() if t_ns is None else t_ns, "event": name, **fields}
        _write_all(self._events, json.dumps(entry).encode() + b"\n")

    def clock(self) -> None:
        """Append a pair of clock readings, taken as close together as possible."""
        t_ns = time.monotonic_ns()
        realtime_ns = time.time_ns()
        self.event("clock", t_ns, realtime_ns=realtime_ns, width_ns=time.monotonic_ns() - t_ns)

    def sync(self) -> None:
        """Ask the disk to hold what was written."""
        os.fsync(self._trace)
        os.fsync(self._events)

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._trace)
        os.close(self._events)


def _whole_records(file: Path) -> int:
    return file.stat().st_size // RECORD.size * RECORD.size


def _whole_lines(file: Path) -> int:
    return file.read_bytes().rfind(b"\n") + 1


def _open_append(path: Path, torn_after: Any) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.ftruncate(fd, torn_after(path))  # a record torn by an earlier crash would misplace all that follow
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

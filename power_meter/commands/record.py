"""``record``: write one meter's trace until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from power_meter import lifecycle, registry
from power_meter.contract import Meter, MeterError, UsageError
from power_meter.meters_file import MeterEntry, read_meter
from power_meter.ports import resolve
from power_meter.recorder import Recorder
from power_meter.simulated_child import SimulatedChild
from power_meter.trace import COLUMNS, SCHEMA, TraceWriter, boot_id, set_aside_other_boot, utc_now, write_json

READY_WITHIN_S = 30.0
STARTS_WITHIN_S = 30.0  # the process itself, on a machine that is busy

HELP = "record one meter into a directory, append-only, until stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--meter", required=True, help="name of the meter in the meters file")
    parser.add_argument("--meters", type=Path, default=Path("meters.json"), help="(default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, required=True, help="directory of the trace; one recorder at a time"
    )
    parser.add_argument("--rate-hz", type=float, help="(default: the meter's own rate)")
    parser.add_argument(
        "--detach", action="store_true", help="return once it records; print its state as JSON"
    )
    parser.add_argument(
        "--dead-man-s", type=float, help="stop when the keep-alive file is untouched for so long"
    )
    parser.add_argument("--keepalive", type=Path, help="the file to watch (default: OUT/keepalive)")
    parser.add_argument(
        "--ready-within-s",
        type=float,
        default=READY_WITHIN_S,
        help="for the first sample (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Record in this process, or start one that does."""
    entry = read_meter(arguments.meters, arguments.meter)
    for option in ("rate_hz", "dead_man_s", "ready_within_s"):
        value = getattr(arguments, option)
        if value is not None and not value > 0:
            raise UsageError(f"--{option.replace('_', '-')}: found {value:g}, valid: a number above 0")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {arguments.out}: {error.strerror}") from error
    if arguments.detach:
        print(json.dumps(start_detached(arguments)))
        return 0
    return _record(arguments, entry)


def start_detached(arguments: argparse.Namespace) -> dict[str, Any]:
    """Start a recorder of its own and wait until it records, unless it does already; its state, and ``started``."""
    state = lifecycle.running_recorder(arguments.out)
    if state is not None:
        if state["meter"] != arguments.meter:
            raise UsageError(
                f"--out {arguments.out}: meter {state['meter']!r} is being recorded there already"
            )
        return {"started": False, **state}
    words = [
        "record",
        "--meter",
        arguments.meter,
        "--meters",
        str(arguments.meters),
        "--out",
        str(arguments.out),
    ]
    for option in ("rate_hz", "dead_man_s", "keepalive", "ready_within_s"):
        value = getattr(arguments, option)
        words += [] if value is None else ["--" + option.replace("_", "-"), str(value)]
    return {
        "started": True,
        **lifecycle.detach(words, arguments.out, arguments.ready_within_s + STARTS_WITHIN_S),
    }


def _record(arguments: argparse.Namespace, entry: MeterEntry) -> int:
    held = lifecycle.lock(arguments.out)
    wanted = lifecycle.stop_reasons(_dead_man(arguments))
    simulated = SimulatedChild(entry, arguments.out) if entry.simulate is not None else None
    try:
        opener = _opener(entry, simulated)
        meter = _open_first(opener, arguments.ready_within_s)
        set_aside_other_boot(arguments.out)
        _write_head(arguments.out, entry, meter)
        (arguments.out / "summary.json").unlink(missing_ok=True)
        writer = TraceWriter(arguments.out)
        _write_state(arguments.out, entry.name)
        summary = Recorder(opener, writer, wanted, arguments.rate_hz).run(meter)
        writer.close()
        write_json(arguments.out / "summary.json", summary)
    finally:
        if simulated:
            simulated.close()
        os.close(held)
    return 0


def _dead_man(arguments: argparse.Namespace) -> lifecycle.DeadMan | None:
    if not arguments.dead_man_s:
        return None
    keepalive = arguments.keepalive or arguments.out / "keepalive"
    keepalive.touch()
    return lifecycle.DeadMan(keepalive, arguments.dead_man_s)


def _opener(entry: MeterEntry, simulated: SimulatedChild | None) -> Callable[[], Meter]:
    module = registry.load_driver(entry.driver)

    def open_meter() -> Meter:
        port = simulated.port() if simulated else resolve(entry.port, module.INFO)
        meter: Meter = module.METER(port, entry.options)
        try:
            meter.identity = meter.identify()
        except MeterError:
            meter.close()
            raise
        return meter

    return open_meter


def _open_first(open_meter: Callable[[], Meter], within_s: float) -> Meter:
    deadline_s, said = time.monotonic() + within_s, ""
    while True:
        try:
            return open_meter()
        except MeterError as error:
            if time.monotonic() >= deadline_s:
                raise
            if str(error) != said:
                said = str(error)
                print(f"waiting for the meter: {said}", file=sys.stderr, flush=True)
            time.sleep(0.2)


def _write_head(directory: Path, entry: MeterEntry, meter: Meter) -> None:
    path = directory / "meter.json"
    started = json.loads(path.read_text())["started_utc"] if path.exists() else utc_now()
    head = {
        "schema": SCHEMA,
        "meter": entry.name,
        "driver": entry.driver,
        "scope": entry.scope,
        "simulated": entry.simulate is not None,
        "port": meter.port,
        "identity": meter.identity,
        "caps": asdict(meter.caps),
        "options": entry.options,
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "started_utc": started,
        "record": "<qfff",
        "columns": list(COLUMNS),
    }
    write_json(path, head)


def _write_state(directory: Path, meter: str) -> None:
    pid = os.getpid()
    state = {"pid": pid, "process_start": lifecycle.process_start(pid), "meter": meter, "out": str(directory)}
    write_json(directory / lifecycle.STATE_FILE, state)

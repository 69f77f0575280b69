"""``start``: recorders of every meter of a file, at the same time."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from power_meter.commands import record
from power_meter.contract import MeterError, UsageError
from power_meter.meters_file import meter_names, read_meter

HELP = "start a detached recorder for each meter of a file, and wait until they record"
AT_ONCE = 8  # each start costs a processor for a moment, and has to be done within its time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--meters", type=Path, required=True, help="the meters file")
    parser.add_argument(
        "--out", type=Path, required=True, help="each meter is recorded into the directory of its name in it"
    )
    parser.add_argument("--dead-man-s", type=float, help="as for record")
    parser.add_argument(
        "--ready-within-s",
        type=float,
        default=record.READY_WITHIN_S,
        help="for each first sample (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print one JSON line for each meter, with ``error`` null where it records; 1 when one does not."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda name: _start(arguments, name), meter_names(arguments.meters)))
    for one in found:
        print(json.dumps(one))
    return int(any(one["error"] for one in found))


def _start(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    directory = arguments.out / name
    wanted = argparse.Namespace(
        meter=name,
        meters=arguments.meters,
        out=directory,
        rate_hz=None,
        dead_man_s=arguments.dead_man_s,
        keepalive=None,
        ready_within_s=arguments.ready_within_s,
    )
    try:
        read_meter(arguments.meters, name)
        directory.mkdir(parents=True, exist_ok=True)
        return {"meter": name, "error": None, **record.start_detached(wanted)}
    except (MeterError, UsageError, OSError) as error:
        return {"meter": name, "error": str(error)}

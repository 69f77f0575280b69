"""``decode``: captured bytes in, JSON lines out."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from power_meter import registry
from power_meter.contract import Reading, UsageError

HELP = "decode a meter's captured bytes (standard input) into JSON lines; exit 1 when any frame was bad"
CHUNK_BYTES = 65536
DIGITS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("driver", help="whose bytes they are")
    parser.add_argument(
        "--hex", action="store_true", help="the input is hexadecimal text; white space is ignored"
    )


def _chunks(is_hex: bool) -> Iterator[bytes]:
    if is_hex:
        text = sys.stdin.buffer.read().decode("ascii", "replace")
        try:
            yield bytes.fromhex("".join(text.split()))
        except ValueError as error:
            raise UsageError(f"standard input: not hexadecimal: {error}") from error
        return
    while chunk := sys.stdin.buffer.read(CHUNK_BYTES):
        yield chunk


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, DIGITS) if math.isfinite(value) else None  # JSON has no NaN


def _line(reading: Reading) -> str:
    entry = reading._asdict()
    del entry["age_ns"]
    entry |= entry.pop("details") or {}
    return json.dumps({key: _rounded(value) for key, value in entry.items()})


def run(arguments: argparse.Namespace) -> int:
    """Decode until the end of the input."""
    module = registry.load_driver(arguments.driver)
    if getattr(module, "DECODER", None) is None:
        valid = [
            name for name in registry.driver_names() if getattr(registry.load_driver(name), "DECODER", None)
        ]
        raise UsageError(
            f"driver {arguments.driver!r} has no byte protocol to decode; valid: {', '.join(valid)}"
        )
    decoder = module.DECODER()
    for chunk in _chunks(arguments.hex):
        for reading in decoder.feed(chunk):
            print(_line(reading))
    decoder.finish()
    if decoder.bad:
        print(f"{decoder.bad} bad, {decoder.counters['frames']} good: {decoder.last_reason}", file=sys.stderr)
        return 1
    if not decoder.counters["frames"]:
        print("0 bad, 0 good: the input holds no frame", file=sys.stderr)
        return 1
    return 0

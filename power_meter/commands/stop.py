"""``stop``: end the recorder of a directory."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from power_meter.lifecycle import stop_recorder

HELP = "end the recorder that writes into a directory and wait for it; none running is no error"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="the directory given to record")
    parser.add_argument(
        "--within-s", type=float, default=10.0, help="how long to wait (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Stop and print one JSON line; ``summary`` is null when the recorder had not ended cleanly."""
    stopped = stop_recorder(arguments.out, arguments.within_s)
    summary_file = arguments.out / "summary.json"
    summary = json.loads(summary_file.read_text()) if summary_file.exists() else None
    print(json.dumps({"stopped": stopped, "summary": summary}))
    return 0

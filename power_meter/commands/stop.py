"""``stop``: end the recorders of directories."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from power_meter.lifecycle import stop_recorder

HELP = "end the recorders that write into directories and wait for them; none running is no error"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, nargs="+", help="directories given to record")
    parser.add_argument(
        "--within-s", type=float, default=10.0, help="how long to wait (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Stop and print a JSON line for each; ``summary`` is null where the recorder had not ended cleanly."""
    with ThreadPoolExecutor(len(arguments.out)) as pool:
        answers = pool.map(lambda out: stop_recorder(out, arguments.within_s), arguments.out)
        for directory, stopped in zip(arguments.out, answers, strict=True):
            summary_file = directory / "summary.json"
            summary = json.loads(summary_file.read_text()) if summary_file.exists() else None
            print(json.dumps({"stopped": stopped, "summary": summary}))
    return 0

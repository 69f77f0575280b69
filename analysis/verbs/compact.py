"""``compact RESULTS_DIR``: a finished sweep's power traces as Parquet, a fifth of their size."""

import argparse
from pathlib import Path

from analysis.power import PowerDataError, archive_trace, raw_traces
from analysis.sweep import load_sweep

HELP = "compact the power traces of a finished sweep in place; energies are read from them as before"
BYTES_PER_RECORD = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")


def run(args: argparse.Namespace) -> int:
    """Compact every raw trace and say what that saved; a trace that must not be touched is named, and 1 returned."""
    sweep, refused = load_sweep(args.results), 0
    directories = raw_traces(sweep.root / "power")
    for directory in directories:
        samples = (directory / "trace.bin").stat().st_size // BYTES_PER_RECORD
        try:
            path = archive_trace(directory)
        except PowerDataError as error:
            refused += 1
            print(f"kept      {error}")
            continue
        size = path.stat().st_size
        print(f"compacted {path}: {samples} samples, {size / max(samples, 1):.2f} bytes each instead of 20")
    if not directories:
        print(f"{sweep.root / 'power'}: no raw trace to compact")
    return 1 if refused else 0

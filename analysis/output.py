"""How a verb's table leaves the program: for people, as CSV, as JSON or as HTML."""

import argparse
import json
import sys
from typing import Any

import pandas as pd

from analysis.report.format import UNKNOWN, is_known, number


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--csv``, ``--json`` and ``--html``, of which one can be given; without them the table is for people."""
    formats = parser.add_mutually_exclusive_group()
    for name in ("csv", "json", "html"):
        formats.add_argument(
            f"--{name}", dest="format", action="store_const", const=name, help=f"print {name.upper()}"
        )


def emit(frame: pd.DataFrame, args: argparse.Namespace, why_empty: str = "") -> None:
    """Print ``frame`` in the format that was asked for; where it has no rows, standard error says why."""
    if frame.empty and why_empty:
        print(f"analysis {args.verb}: {why_empty}", file=sys.stderr)
    writers = {"csv": to_csv, "json": to_json, "html": to_html}
    sys.stdout.write(writers.get(args.format, to_text)(frame))


def to_csv(frame: pd.DataFrame) -> str:
    """Return ``frame`` as CSV with full precision; what is not known is an empty field."""
    return str(frame.to_csv(index=False, lineterminator="\n"))


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows as plain Python values, None for what is not known."""
    return [
        {str(name): _plain(value) if is_known(value) else None for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else value


def to_json(frame: pd.DataFrame) -> str:
    """Return ``frame`` as a JSON array of objects; what is not known is null."""
    return json.dumps(records(frame), indent=2, allow_nan=False) + "\n"


def to_html(frame: pd.DataFrame) -> str:
    """Return ``frame`` as one HTML table element, everything escaped."""
    return str(_for_people(frame).to_html(index=False, border=0, escape=True)) + "\n"


def to_text(frame: pd.DataFrame) -> str:
    """Return ``frame`` as aligned columns, numbers to four significant digits."""
    if frame.empty:
        return "no rows\n"
    shown = _for_people(frame)
    widths = {name: max(len(str(name)), *(len(text) for text in shown[name])) for name in shown.columns}
    numeric = {name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])}
    rows: list[dict[Any, str]] = [{name: str(name) for name in shown.columns}, *shown.to_dict("records")]
    lines = [
        "  ".join(
            row[name].rjust(widths[name]) if name in numeric else row[name].ljust(widths[name])
            for name in widths
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _for_people(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).map(_text)


def _text(value: object) -> str:
    if not is_known(value):
        return UNKNOWN
    if isinstance(value, float):
        return number(value, 4)
    return str(value)

"""``tables SOURCE… --study S``: a study's own tables, in its own layout, from a lab's results or the study's."""

import argparse
import json
import sys

import pandas as pd

from analysis.errors import InputError
from analysis.frame import PUBLISHED_PREFIX, combined, one_mode, with_accuracy
from analysis.options import add_mode, add_sources
from analysis.output import records, to_csv, to_html, to_text
from analysis.sources import load_sources
from analysis.studies import load_study, study_names
from analysis.studies.layout import StudyTable

OTHER_MODES = ["accuracy", "throughput"]
HELP = "a study's own tables in its own layout"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_sources(parser)
    parser.add_argument(
        "--study", choices=study_names(), help="whose layout; default: that of a published source"
    )
    add_mode(parser)
    parser.add_argument("--table", metavar="NUMBER", help="only this table, such as 4.1")


def run(args: argparse.Namespace) -> int:
    """Print every table that the source has rows for."""
    layouts = load_study(_study(args)).TABLES
    chosen = [layout for layout in layouts if args.table in (None, layout.number)]
    if not chosen:
        known = ", ".join(layout.number for layout in layouts)
        raise InputError(f"--table {args.table} is not one of the study's; there are: {known}")
    rows = with_accuracy(combined(_of_mode(load_sources(args.sources), args.mode)))
    tables = [(layout, layout.build(rows)) for layout in chosen]
    _print([(layout, table) for layout, table in tables if len(table)], args.format)
    for layout, table in tables:
        if table.empty:
            why = "the source has no rows for it" + (f"; {layout.note}" if layout.note else "")
            print(f"table {layout.number} ({layout.title}): {why}", file=sys.stderr)
    return 0


def _of_mode(frame: pd.DataFrame, mode: str | None) -> pd.DataFrame:
    """Leave a published source whole; of a lab keep one latency mode, warm by default, and the other kinds of mode."""
    kept = frame.published.fillna(False) | frame["mode"].isin(OTHER_MODES)
    latency = frame[~kept]
    return pd.concat([frame[kept], one_mode(latency, mode) if len(latency) else latency])


def _study(args: argparse.Namespace) -> str:
    if args.study:
        return str(args.study)
    named = {
        source.removeprefix(PUBLISHED_PREFIX)
        for source in args.sources
        if source.startswith(PUBLISHED_PREFIX)
    }
    if len(named) != 1:
        raise InputError(f"--study is needed to choose a layout; known: {', '.join(study_names())}")
    return named.pop()


def _print(tables: list[tuple[StudyTable, pd.DataFrame]], form: str | None) -> None:
    if form == "json":
        content = [{"table": t.number, "title": t.title, "rows": records(frame)} for t, frame in tables]
        print(json.dumps(content, indent=2, allow_nan=False))
    elif form == "csv":
        frames = [frame.assign(table=layout.number) for layout, frame in tables]
        joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["table"])
        sys.stdout.write(to_csv(joined[["table", *joined.columns.drop("table")]]))
    else:
        for layout, frame in tables:
            heading = (
                f"<h2>Table {layout.number}. {layout.title}</h2>"
                if form == "html"
                else f"Table {layout.number}. {layout.title}"
            )
            print(heading)
            print(to_html(frame) if form == "html" else to_text(frame))

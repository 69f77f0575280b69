"""Where rows come from: a lab's results directory, or a published study by name."""

import sys
from pathlib import Path

import pandas as pd

from analysis.errors import InputError
from analysis.frame import FRAME, PUBLISHED_PREFIX, canonical
from analysis.store import load_cells
from analysis.studies import load_study
from analysis.sweep import load_sweep

MOST_SAID = 5


def load_source(text: str) -> pd.DataFrame:
    """Return the rows of one source: a results directory or ``published:<study>``.

    Raises:
        InputError: when there is no such source or it has no rows.
    """
    if text.startswith(PUBLISHED_PREFIX):
        rows = load_study(text.removeprefix(PUBLISHED_PREFIX)).load()
        if rows.empty:
            raise InputError(f"{text}: the study published no raw table")
        return rows.assign(source=text)
    sweep = load_sweep(Path(text))
    cells, set_aside = load_cells(sweep)
    _say(sweep.sweep_id, set_aside)
    return canonical(cells.assign(source=sweep.sweep_id, published=False))


def _say(sweep_id: str, set_aside: list[str]) -> None:
    """Name on standard error what of a sweep was not used."""
    for message in set_aside[:MOST_SAID]:
        print(f"{sweep_id}: set aside: {message}", file=sys.stderr)
    if len(set_aside) > MOST_SAID:
        print(f"{sweep_id}: and {len(set_aside) - MOST_SAID} more; ingest.json names them", file=sys.stderr)


def load_sources(texts: list[str]) -> pd.DataFrame:
    """Return the rows of all sources, one below the other."""
    return pd.concat([load_source(text) for text in texts], ignore_index=True).astype(FRAME)

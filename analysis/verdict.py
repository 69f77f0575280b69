"""Green or red, from one object: the report, the console and the exit status all say the same."""

from collections import Counter
from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import pandas as pd

VERDICT_SCHEMA = "edgebench/verdict/1"
MISSING = "not_run"
DETAILS, DETAIL_CHARACTERS = 3, 240


def judge(
    sweep_id: str, cells: pd.DataFrame, set_aside: list[str], cautions: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the verdict on a sweep.

    It is green only when every cell of the manifest was measured, ended ``ok`` and is not invalid; a suspect cell is
    named as a caution. Missing, unknown and invalid are never a pass.

    Args:
        sweep_id: identity of the sweep.
        cells: rows of ``cells.parquet``.
        set_aside: messages about what could not be used.
        cautions: what else does not make it red, such as boards of one kind that are not the same.
    """
    missing = cells[cells.outcome == MISSING]
    failed = cells[~cells.outcome.isin(["ok", MISSING])]
    unsound = cells[(cells.outcome == "ok") & ~cells.validity.isin(["valid", "suspect"])]
    suspect = cells[cells.validity == "suspect"]
    reasons = []
    if cells.empty:
        reasons.append("the manifest lists no cell")
    if len(missing):
        reasons.append(f"{_cells(len(missing))} of {len(cells)} not measured{_details(missing)}")
    reasons += [
        f"{_cells(n)} ended {outcome}{_details(failed[failed.outcome == outcome])}"
        for outcome, n in _counts(failed.outcome).items()
    ]
    if len(unsound):
        reasons.append(f"{_cells(len(unsound))} invalid: {_reasons(unsound)}")
    every = [f"{_cells(len(suspect))} suspect: {_reasons(suspect)}"] if len(suspect) else []
    every += cautions
    if set_aside:
        every.append(f"{len(set_aside)} piece{'s' * (len(set_aside) > 1)} of data set aside")
    return {
        "schema": VERDICT_SCHEMA,
        "sweep_id": sweep_id,
        "verdict": "red" if reasons else "green",
        "reasons": reasons,
        "cautions": every,
        "cells": len(cells),
        "outcomes": _counts(cells.outcome),
        "validity": _counts(cells.validity.fillna("unknown")),
        "missing": list(missing.cell_id),
        "set_aside": set_aside,
        "simulated": bool(cells.simulated.any()),
    }


def _cells(n: int) -> str:
    return f"{n} cell" if n == 1 else f"{n} cells"


def _counts(values: "pd.Series[str]") -> dict[str, int]:
    return dict(sorted(Counter(map(str, values)).items(), key=lambda item: (-item[1], item[0])))


def _details(cells: pd.DataFrame) -> str:
    """Return what the records say of ``cells``, most frequent first, each with the number of cells it concerns."""
    counts = _counts(cells.outcome_detail.fillna("").map(lambda text: shorten(text, DETAIL_CHARACTERS)))
    counts.pop("", None)
    said = [f"{detail} ({n})" for detail, n in counts.items()]
    more = [f"{len(said) - DETAILS} more"] if len(said) > DETAILS else []
    return ": " + ", ".join(said[:DETAILS] + more) if said else ""


def _reasons(cells: pd.DataFrame) -> str:
    """Return the reasons of ``cells``, most frequent first, each with the number of cells it concerns."""
    reasons = cells.validity_reasons.fillna("").str.split(";").explode()
    counts = _counts(reasons[reasons != ""])
    return ", ".join(f"{reason} ({n})" for reason, n in counts.items()) or "no reason given"

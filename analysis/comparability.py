"""Whether two numbers may be compared at all: what else differs besides what is under test."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.cells import RECORD_SCHEMA
from analysis.errors import InputError
from analysis.files import read_json
from analysis.frame import PUBLISHED_PREFIX
from analysis.scopes import scope_text
from analysis.sweep import load_sweep

COMPARABLE, CONDITIONAL, NOT = "comparable", "conditionally comparable", "not comparable"
TIME, ENERGY = "time", "energy"
CASE = ["board", "model", "variant", "backend", "mode"]
Parts = dict[str, set[str]]
"""What each part of the fingerprints of a case's repeats was; a list is the set of its items."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both sides; ``cases`` says in how many of those that were compared."""

    board: str
    backend: str
    part: str
    a: str
    b: str
    cases: str


def fingerprint_parts(source: str) -> dict[tuple[str, ...], Parts]:
    """Return the parts of the fingerprints by ``CASE``, since artifact and protocol are among them.

    A published study has none.
    """
    if source.startswith(PUBLISHED_PREFIX):
        return {}
    sweep = load_sweep(Path(source))
    found: dict[tuple[str, ...], Parts] = {}
    for planned in sweep.planned:
        try:
            record = read_json(sweep.cell_directory(planned) / "cell.json", RECORD_SCHEMA)
        except InputError:
            continue  # The ingest has said so.
        parts = found.setdefault(tuple(planned[name] for name in CASE), {})
        for name, values in _flat(record.get("fingerprint_parts") or {}):
            parts.setdefault(name, set()).update(values)
    return found


def _flat(parts: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, value in parts.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", [str(inner)]) for key, inner in value.items())
        else:
            yield name, [str(item) for item in (value if isinstance(value, list) else [value])]


def fingerprint_differences(source_a: str, source_b: str, pairs: pd.DataFrame) -> list[Difference]:
    """Return every part that differs between the cases that are compared, once for all cases that differ alike.

    Args:
        source_a: the first source.
        source_b: the second one.
        pairs: with the columns of ``CASE``, each with ``_a`` and ``_b``.
    """
    all_a, all_b = fingerprint_parts(source_a), fingerprint_parts(source_b)
    compared: Counter[tuple[str, str]] = Counter()
    differing: Counter[tuple[str, str, str, str, str]] = Counter()
    for pair in pairs.to_dict("records"):
        a, b = (
            parts.get(tuple(str(pair[f"{name}_{side}"]) for name in CASE))
            for side, parts in (("a", all_a), ("b", all_b))
        )
        if a is not None and b is not None:
            case = (str(pair["board_a"]), str(pair["backend_a"]))
            compared[case] += 1
            differing.update((*case, *found) for found in _differences(a, b))
    return [
        Difference(*found, cases=f"{n} of {compared[found[0], found[1]]}") for found, n in differing.items()
    ]


def _differences(a: Parts, b: Parts) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each part that differs and what only the one and only the other side has."""
    for name in sorted(set(a) | set(b)):
        there, here = a.get(name, set()), b.get(name, set())
        if there != here:
            yield name, ", ".join(sorted(there - here)) or "—", ", ".join(sorted(here - there)) or "—"


def judge_pair(row: "pd.Series[Any]", of: str = TIME) -> tuple[str, str]:
    """Return whether the two sides of one row may be compared, and why not without reservation.

    Args:
        row: with ``kind``, ``artifact``, ``fingerprint``, ``simulated``, ``published``, ``scope`` and
            ``simulated_meter``, each with ``_a`` and ``_b``.
        of: what is compared, ``time`` or ``energy``. Energies of different scopes never are.
    """
    if of == ENERGY and (why := _different_meters(row)):
        return NOT, why
    if _known_and_differ(row, "kind"):
        return NOT, f"boards of different kinds: {row.kind_a} and {row.kind_b}"
    if bool(row.simulated_board_a) != bool(row.simulated_board_b):
        return NOT, "one of the two boards is simulated"
    if row.published_a or row.published_b:
        return CONDITIONAL, "a published figure has no fingerprint"
    if _known_and_differ(row, "artifact"):
        return CONDITIONAL, "the artifacts differ"
    if pd.isna(row.fingerprint_a) or pd.isna(row.fingerprint_b):
        return CONDITIONAL, "a fingerprint is unknown"
    if row.fingerprint_a != row.fingerprint_b:
        return CONDITIONAL, "the fingerprints differ"
    return COMPARABLE, ""


def _different_meters(row: "pd.Series[Any]") -> str | None:
    if _known_and_differ(row, "scope"):
        return f"energies measured {scope_text([row.scope_a])} and {scope_text([row.scope_b])}"
    if bool(row.simulated_meter_a) != bool(row.simulated_meter_b):
        return "one of the two meters is simulated"
    return None


def _known_and_differ(row: "pd.Series[Any]", name: str) -> bool:
    a, b = row[f"{name}_a"], row[f"{name}_b"]
    return not pd.isna(a) and not pd.isna(b) and a != b

"""Whether two numbers may be compared at all: what else differs besides what is under test."""

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
PAIR = ["board_a", "backend_a", "board_b", "backend_b"]


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both sides."""

    board: str
    backend: str
    part: str
    a: str
    b: str


def fingerprint_parts(source: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the parts of the fingerprint by (board, backend); a published study has none.

    The first record found stands for its board and backend, since a fingerprint is a property of both.
    """
    if source.startswith(PUBLISHED_PREFIX):
        return {}
    sweep = load_sweep(Path(source))
    parts: dict[tuple[str, str], dict[str, Any]] = {}
    for planned in sweep.planned:
        key = (planned["board"], planned["backend"])
        if key not in parts:
            try:
                record = read_json(sweep.cell_directory(planned) / "cell.json", RECORD_SCHEMA)
            except InputError:
                continue
            parts[key] = record.get("fingerprint_parts") or {}
    return parts


def fingerprint_differences(source_a: str, source_b: str, pairs: pd.DataFrame) -> list[Difference]:
    """Return every part that differs between the boards and backends that are compared.

    Args:
        source_a: the first source.
        source_b: the second one.
        pairs: with the columns ``board_a``, ``backend_a``, ``board_b`` and ``backend_b``.
    """
    parts_a, parts_b = fingerprint_parts(source_a), fingerprint_parts(source_b)
    found = []
    for pair in pairs.drop_duplicates(PAIR)[PAIR].astype(str).to_numpy().tolist():
        board, backend, *other = pair
        a, b = parts_a.get((board, backend)), parts_b.get((other[0], other[1]))
        if a is not None and b is not None:
            found += [
                Difference(board, backend, name, str(a.get(name)), str(b.get(name)))
                for name in sorted(set(a) | set(b))
                if a.get(name) != b.get(name)
            ]
    return found


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

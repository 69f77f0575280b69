"""Rows that contradict themselves. One file per check, found by name.

Each module has ``findings(frame)``, which takes canonical rows (``analysis.frame``) and yields a `Finding` for each row
whose own numbers cannot all be true. Rounding of printed numbers is never a finding.
"""

import importlib
import pkgutil
from collections.abc import Iterator

import pandas as pd

from analysis.consistency.finding import Finding, explain

HELPERS = {"finding", "rounding"}
COLUMNS = [
    "source",
    "table",
    "board",
    "host",
    "model",
    "variant",
    "backend",
    "mode",
    "repeat",
    "check",
    "found",
    "expected",
    "why",
]


def check_names() -> list[str]:
    """Return the names of all checks."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in HELPERS)


def contradictions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row of ``COLUMNS`` per contradiction, in the order of ``frame``."""
    found = sorted(_all_findings(frame), key=lambda pair: (frame.index.get_loc(pair[1].row), pair[0]))
    return pd.DataFrame([explain(frame, name, finding) for name, finding in found], columns=COLUMNS)


def _all_findings(frame: pd.DataFrame) -> Iterator[tuple[str, Finding]]:
    for name in check_names():
        module = importlib.import_module(f"analysis.consistency.{name}")
        for finding in module.findings(frame):
            yield name.replace("_", " "), finding

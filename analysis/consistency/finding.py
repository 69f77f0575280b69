"""One contradiction."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

CASE = ["source", "table", "board", "host", "model", "variant", "backend", "mode", "repeat"]


@dataclass(frozen=True)
class Finding:
    """A number that cannot be true together with others of its row.

    Attributes:
        row: label of the row in the frame's index.
        found: the number as it stands.
        expected: what the others make of it, None where there is no one value.
        why: in words, with the numbers.
    """

    row: Any
    found: float
    expected: float | None
    why: str


def explain(frame: pd.DataFrame, check: str, finding: Finding) -> dict[str, object]:
    """Return a finding as a table row, with what identifies its row in the frame."""
    values = frame.loc[finding.row]
    case = {name: values[name] for name in CASE}
    return {**case, "check": check, "found": finding.found, "expected": finding.expected, "why": finding.why}

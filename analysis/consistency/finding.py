"""One contradiction."""

from collections.abc import Hashable
from dataclasses import dataclass

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

    row: Hashable
    found: float
    expected: float | None
    why: str


def explain(frame: pd.DataFrame, check: str, finding: Finding) -> dict[str, object]:
    """Return a finding as a table row, with what identifies its row in the frame."""
    case = frame.loc[finding.row, CASE].to_dict()  # type: ignore[index]
    return {**case, "check": check, "found": finding.found, "expected": finding.expected, "why": finding.why}

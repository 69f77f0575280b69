"""Deviation against standard error and n: their ratio is the square root of n.

Where n is not given, the rows of one model are asked what n they rest on; a row that cannot rest on the n that most
of them allow contradicts itself, as does one that would need fewer than two inferences.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from analysis.consistency.finding import Finding
from analysis.consistency.rounding import half_unit

# Studies divide by the root of n, n - 1 or n - 2 without saying so.
N_TOLERANCE = 2.0
EXACT = 1e-6


def findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows whose standard error cannot belong to their deviation."""
    known = frame[(frame.inference_ms_std > 0) & (frame.inference_ms_ste > 0)]
    yield from _against_stated_n(known[known.n_statistics.notna()])
    for _, rows in known[known.n_statistics.isna()].groupby(["source", "model"]):
        yield from _against_each_other(rows)


def _against_stated_n(rows: pd.DataFrame) -> Iterator[Finding]:
    for row, values in rows.iterrows():
        expected = float(values.inference_ms_std) / float(values.n_statistics) ** 0.5
        error = float(values.inference_ms_ste)
        if abs(error - expected) > EXACT * expected:
            quotient = f"{values.inference_ms_std:g} / √{values.n_statistics} = {expected:.4g} ms"
            why = f"standard error {error:g} ms, but {quotient}"
            yield Finding(row, error, expected, why)


def implied_n(deviation: float, error: float) -> tuple[float, float]:
    """Return the least and greatest n that a printed deviation and error allow, rounding considered."""
    low = (deviation - half_unit(deviation)) / (error + half_unit(error))
    high = (deviation + half_unit(deviation)) / max(error - half_unit(error), half_unit(error) * 1e-3)
    return low**2, high**2


def _against_each_other(rows: pd.DataFrame) -> Iterator[Finding]:
    spans: dict[Any, tuple[float, float]] = {
        row: implied_n(float(v.inference_ms_std), float(v.inference_ms_ste)) for row, v in rows.iterrows()
    }
    common = _most_agreed(list(spans.values()))
    for row, (low, high) in spans.items():
        if low - N_TOLERANCE <= common <= high + N_TOLERANCE and high >= 2:
            continue
        values = rows.loc[row]
        deviation, error = float(values.inference_ms_std), float(values.inference_ms_ste)
        expected = deviation / common**0.5
        why = (
            f"deviation {deviation:g} ms and error {error:g} ms need n between {low:.3g} and {high:.3g}, "
            f"but the model's other rows rest on n ≈ {common:.0f}"
        )
        yield Finding(row, error, expected, why)


def _most_agreed(spans: list[tuple[float, float]]) -> float:
    """Return the middle of the range of n that the greatest number of spans contain."""
    edges = sorted({edge for span in spans for edge in span})
    middles = [(a + b) / 2 for a, b in pairwise(edges)] or edges
    return max(middles, key=lambda n: sum(low <= n <= high for low, high in spans))

"""Values that have to come in an order: top-5 is at least top-1, percentiles rise, a mean lies in its range."""

from collections.abc import Iterator

import pandas as pd

from analysis.consistency.finding import Finding

RISING = [
    ("top1", "top5"),
    ("map", "map50"),
    ("inference_ms_p50", "inference_ms_p90"),
    ("inference_ms_p90", "inference_ms_p99"),
    ("inference_ms_min", "inference_ms_mean"),
    ("inference_ms_mean", "inference_ms_max"),
    ("power_min_w", "power_max_w"),
]
ROUNDING = 1e-9


def findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows in which the greater of two values is the lesser."""
    for lesser, greater in RISING:
        both = frame[frame[lesser].notna() & frame[greater].notna()]
        low, high = both[lesser].astype(float), both[greater].astype(float)
        for row in both.index[low > high * (1 + ROUNDING) + ROUNDING]:
            yield Finding(
                row, high[row], low[row], f"{greater} is {high[row]:g}, below {lesser}, which is {low[row]:g}"
            )

"""FPS against the sum of the three mean times.

A rate taken as the mean of each image's rate lies above the reciprocal of the mean time, by the square of the
coefficient of variation (Jensen's inequality), and never below it. So a rate below is a contradiction, and one far
above needs a spread that no such row has.
"""

from collections.abc import Iterator

import pandas as pd

from analysis.cells import PARALLEL_MODE
from analysis.consistency.finding import Finding
from analysis.consistency.rounding import half_unit

# Times and rates are means over slightly different sets of images in some studies; 0.5 % is beyond rounding.
BELOW = 0.005
# An excess of 15 % needs a coefficient of variation of 39 %.
ABOVE = 0.15
TIMES = ["preprocess_ms_mean", "inference_ms_mean", "postprocess_ms_mean"]


def findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows whose rate cannot belong to their times."""
    complete = frame[frame[[*TIMES, "fps"]].notna().all(axis=1) & (frame["mode"] != PARALLEL_MODE)]
    for row, values in complete.iterrows():
        times, rate = [float(values[name]) for name in TIMES], float(values.fps)
        total, slack = sum(times), sum(map(half_unit, times))
        if total <= slack or rate <= 0:
            continue  # Impossible values are another check's.
        lowest = 1e3 / (total + slack) * (1 - BELOW) - half_unit(rate)
        highest = 1e3 / (total - slack) * (1 + ABOVE) + half_unit(rate)
        if not lowest <= rate <= highest:
            why = f"{rate:g} FPS, but {' + '.join(f'{t:g}' for t in times)} = {total:.6g} ms make {1e3 / total:.5g} FPS"
            yield Finding(row, rate, 1e3 / total, why)

"""The false-positive rate of the whole chain, from raw files to a finding."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from analysis.comparison import compare_sources
from tests.unit.analysis.analysis_factory import Lab


def test_a_a_false_positives_come_at_the_nominal_rate(tmp_path: Path) -> None:
    """Two sweeps without any difference, through files, ingest and compare: 5 % of the series may differ, and do."""
    models = tuple(f"m{number}" for number in range(240))
    common = {"models": models, "backends": ("onnxruntime",), "modes": {"warm": (6, 24)}, "repeats": 4}
    a = Lab(tmp_path / "a", seed=1, **common).write()  # type: ignore[arg-type]
    b = Lab(tmp_path / "b", seed=1000, **common).write()  # type: ignore[arg-type]
    cases = compare_sources(str(a), str(b)).cases
    positives = int((cases.p_value < 0.05).sum())
    low, high = stats.binom.interval(0.99, len(cases), 0.05)
    assert len(cases) == 240
    assert low <= positives <= high
    assert positives == int(cases.finding.isin(["slower", "faster"]).sum())
    assert pooled_positives(a, b) > high


def pooled_positives(a: Path, b: Path) -> int:
    """How often a test that takes every inference for a sample would have found a change: far too often."""
    frames = []
    for root in (a, b):
        frame = pd.read_parquet(root / "inferences")
        frame = frame[frame.phase == "measured"]
        frames.append(
            frame.assign(model=frame.cell_id.astype(str).str.split("/").str[1].str.split(".").str[0])
        )
    groups = [frame.groupby("model").inference_ms for frame in frames]
    return sum(
        stats.ttest_ind(
            np.log(groups[0].get_group(m)), np.log(groups[1].get_group(m)), equal_var=False
        ).pvalue
        < 0.05
        for m in frames[0].model.unique()
    )

"""How many times faster each backend is than a baseline, per model."""

import pandas as pd

from analysis.errors import InputError
from analysis.frame import model_labels, plain


def speedup(rows: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the baseline's inference time over each other backend's, one row per model.

    Args:
        rows: combined rows (``analysis.frame.combined``) of one board and one mode.
        baseline: backend that everything is compared with.

    Returns:
        Columns ``model``, then one per other backend, in the order in which they appear; null where the model has no
        time on that backend or on the baseline.

    Raises:
        InputError: when the baseline is not among the rows, or a model has several times on one backend.
    """
    if rows.empty:
        return pd.DataFrame(columns=["model"])
    labelled = rows.assign(model=model_labels(rows))
    names = list(dict.fromkeys(labelled.backend))
    base = next((name for name in names if plain(name) == plain(baseline)), None)
    if base is None:
        raise InputError(f"baseline {baseline!r} is not among the backends; there are: {', '.join(names)}")
    if (twice := labelled.duplicated(["model", "backend"])).any():
        model = labelled.loc[twice, "model"].iloc[0]
        raise InputError(
            f"model {model!r} has several times on one backend; choose one with --mode or one source"
        )
    order = list(dict.fromkeys(labelled.model))
    times = (
        labelled.pivot(index="model", columns="backend", values="inference_ms").astype("Float64").loc[order]
    )
    others = [name for name in names if name != base]
    ratios = times[others].rdiv(times[base], axis="index")
    return ratios.rename_axis(columns=None).reset_index()

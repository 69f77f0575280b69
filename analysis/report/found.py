"""What detection, pose and segmentation networks found: one row per model, variant, board and backend."""

from typing import Any

import pandas as pd

KEY = ["model", "variant", "board", "backend", "task", "dataset"]
FIGURES = ["map", "map50", "miou"]


def found_rows(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cases of which a figure is known, each from the cells that went through most images.

    Args:
        cells: rows of ``cells.parquet``.
    """
    known = cells[cells[FIGURES].notna().any(axis=1)]
    return [_row(key, group) for key, group in known.groupby(KEY, sort=True)]


def _row(key: tuple[object, ...], group: pd.DataFrame) -> dict[str, Any]:
    whole = group[group.accuracy_n == group.accuracy_n.max()]
    means = {name: None if whole[name].isna().any() else float(whole[name].mean()) for name in FIGURES}
    return {
        **dict(zip(KEY, key, strict=True)),
        **means,
        "accuracy_n": int(whole.accuracy_n.iloc[0]),
        "validity": "valid" if set(whole.validity) == {"valid"} else "suspect",
    }

"""What each backend did with each model: its answers, where it ran, its threads, and what it cost to start."""

from typing import Any

import pandas as pd

KEY = ["model", "variant", "board", "backend"]
WORST = ["check_max_abs_diff", "check_tolerance_used", "build_ms", "load_ms", "import_ms", "peak_rss_bytes"]
SHOWN_ONCE = ["backend_version", "placement", "threads", "threads_busy"]


def runtimes(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per model, variant, board and backend that got as far as its runtime.

    Differences, times and memory are the largest over modes and repeats, agreement the smallest; placement and threads
    are joined where they were not always the same.

    Args:
        cells: rows of ``cells.parquet``.
    """
    reached = cells[cells.backend_version.notna()]
    return [_row(key, group) for key, group in reached.groupby(KEY, sort=True)]


def _row(key: tuple[object, ...], group: pd.DataFrame) -> dict[str, Any]:
    return {
        **dict(zip(KEY, key, strict=True)),
        **{name: _known(group[name].max()) for name in WORST},
        "check_top1_agreement": _known(group.check_top1_agreement.min()),
        **{name: " or ".join(map(str, sorted(set(group[name].dropna())))) or None for name in SHOWN_ONCE},
        "outcomes": list(dict.fromkeys(group.outcome)),
        "validity": "valid" if set(group.validity) == {"valid"} else "suspect",
    }


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)

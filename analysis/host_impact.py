"""What the host does to an accelerator: the line through the speeds of the same models on two hosts."""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import InputError
from analysis.frame import plain

COLUMNS = ["slope", "slope_se", "intercept", "intercept_se"]
LEAST_MODELS = 3


def speeds(rows: pd.DataFrame, hosts: tuple[str, str] | None = None) -> pd.DataFrame:
    """Return the speed (1/ms) of each model that was timed on both hosts: columns ``model`` and the two hosts.

    Args:
        rows: combined rows of one accelerator.
        hosts: names of the host on the x axis and of the one on the y axis; without them the two there are, in the
            order in which they appear.

    Raises:
        InputError: when there are not two such hosts, or fewer than three models in common.
    """
    there = list(dict.fromkeys(rows.host.dropna()))
    chosen = (
        there
        if hosts is None
        else [name for wanted in hosts for name in there if plain(name) == plain(wanted)]
    )
    if len(chosen) != 2:
        raise InputError(
            f"two hosts are needed, name them with --hosts; there are: {', '.join(there) or 'none'}"
        )
    timed = rows[rows.host.isin(chosen) & rows.inference_ms.notna()]
    speed = (1 / timed.inference_ms.astype(float)).rename("speed")
    table = timed.assign(speed=speed).pivot_table(index="model", columns="host", values="speed", sort=False)
    common = table[chosen].dropna() if set(chosen) <= set(table.columns) else table.iloc[:0]
    if len(common) < LEAST_MODELS:
        raise InputError(
            f"{len(common)} models have a time on both {chosen[0]} and {chosen[1]}; {LEAST_MODELS} are needed"
        )
    return common.rename_axis(columns=None).reset_index()


def host_impact(table: pd.DataFrame) -> pd.DataFrame:
    """Return the least-squares line through ``speeds``: one row of ``COLUMNS``; the intercept is in 1/ms."""
    x, y = (table.iloc[:, column].to_numpy(dtype=float) for column in (1, 2))
    if np.ptp(x) == 0:
        raise InputError("every model has the same speed on the first host, so there is no line")
    line = stats.linregress(x, y)
    row = [line.slope, line.stderr, line.intercept, line.intercept_stderr]
    return pd.DataFrame([map(float, row)], columns=COLUMNS)

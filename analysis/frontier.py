"""What is worth choosing: the cases that no other beats in both cost and accuracy."""

import pandas as pd

from analysis.scopes import refuse_mixed

COST = {"latency": "inference_ms", "energy": "energy_j_per_inference"}
COLUMNS = ["board", "host", "model", "variant", "backend", "mode", "cost", "top1", "top5", "on_frontier"]


def pareto(rows: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return the cases that have both an accuracy and a cost, per board from the cheapest to the dearest.

    Args:
        rows: combined rows (``analysis.frame.combined``).
        against: ``latency`` (cost in ms) or ``energy`` (cost in J per inference).

    Returns:
        ``COLUMNS``, with ``cost`` under its own name and ``host`` only where one is known. ``on_frontier`` holds where
        no other case of the board is at least as cheap and at least as accurate, and better in one of the two.

    Raises:
        InputError: energies of one board were measured at different places.
    """
    cost = COST[against]
    if against == "energy":
        refuse_mixed(rows, cost)
    known = rows[rows.top1.notna() & rows[cost].notna()]
    known = known.assign(cost=known[cost])
    ordered = known.sort_values(["board", "cost", "top1"], ascending=[True, True, False], kind="stable")
    accuracy = ordered.top1.astype(float)
    best_so_far = accuracy.groupby(ordered.board).cummax().groupby(ordered.board).shift(fill_value=-1.0)
    marked = ordered.assign(on_frontier=accuracy > best_so_far)
    shown = [name for name in COLUMNS if name != "host" or marked.host.notna().any()]
    return marked[shown].rename(columns={"cost": cost}).reset_index(drop=True)

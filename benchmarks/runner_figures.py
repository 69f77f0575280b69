"""Figures beside their bounds."""

from __future__ import annotations


class Figures:
    """Prints each figure beside its bounds and remembers whether one was missed."""

    def __init__(self) -> None:
        self.missed = False

    def show(self, name: str, value: float, low: float | None, high: float | None, detail: str) -> None:
        """Print one figure; a bound that is ``None`` does not exist."""
        kept = (low is None or value >= low) and (high is None or value <= high)
        self.missed |= not kept
        bounds = f"{'' if low is None else low} .. {'' if high is None else high}"
        print(
            f"{name:34} {value:10.4g}   bounds {bounds:14} {'ok' if kept else 'MISSED':7} {detail}",
            flush=True,
        )

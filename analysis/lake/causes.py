"""What else changed on the night on which a series did: parts of its fingerprint, its backend, its artifact."""

import json
from collections.abc import Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import InputError
from analysis.files import read_json

PARTS_SCHEMA = "edgebench/fingerprint/1"
NOTHING = "same configuration: look at the environment"
KEY = ["board", "model", "variant", "backend", "mode"]
TRAITS = {
    "backend_version": "version of the backend",
    "artifact_sha256": "artifact",
    "fingerprint": "fingerprint",
}
MOST_NAMED = 4


class Causes:
    """The configurations of every series over the nights."""

    def __init__(self, nights: pd.DataFrame, lake: Path | None) -> None:
        self._lake = lake
        self._known = set(TRAITS) <= set(nights.columns)
        self._by_series = dict(list(nights.groupby(KEY))) if self._known else {}
        self._by_board = dict(list(nights.groupby("board"))) if self._known else {}

    def of(self, row: Mapping[Hashable, Any]) -> str | None:
        """Return what changed on the night since which a row of the history differs, None where it does not."""
        since = row["since"]
        if not isinstance(since, str) or not self._known:
            return None
        own = self._by_series.get(tuple(row[name] for name in KEY))
        if own is None:
            return self._of_board(str(row["board"]), since)
        return self._between(own, since)

    def _of_board(self, board: str, since: str) -> str:
        """Name what changed for every series of the board alike."""
        found = [self._differences(own, since) for _, own in self._by_board[board].groupby(KEY)]
        shared = [text for text in (found[0] if found else []) if all(text in other for other in found)]
        return _sentence(shared)

    def _between(self, own: pd.DataFrame, since: str) -> str:
        return _sentence(self._differences(own, since))

    def _differences(self, own: pd.DataFrame, since: str) -> list[str]:
        ordered = own.sort_values("night")
        before, after = ordered[ordered.night < since].tail(1), ordered[ordered.night >= since].head(1)
        if before.empty or after.empty:
            return []
        a, b = before.iloc[0], after.iloc[0]
        if a.fingerprint != b.fingerprint:
            parts = self._parts_that_differ(str(a.fingerprint), str(b.fingerprint))
            if parts:
                return parts
        return [
            f"{words} {_short(a[name])} → {_short(b[name])}"
            for name, words in TRAITS.items()
            if a[name] != b[name]
        ]

    def _parts_that_differ(self, a: str, b: str) -> list[str]:
        old, new = _parts(self._lake, a), _parts(self._lake, b)
        if old is None or new is None:
            return []
        return [
            f"{name} {_what(old.get(name), new.get(name))}"
            for name in sorted(set(old) | set(new))
            if old.get(name) != new.get(name)
        ]


@lru_cache(maxsize=4096)
def _parts(lake: Path | None, digest: str) -> dict[str, Any] | None:
    if lake is None:
        return None
    try:
        return dict(read_json(lake / "fingerprint" / f"{digest}.json", PARTS_SCHEMA)["parts"])
    except (InputError, KeyError):
        return None


def _what(old: object, new: object) -> str:
    """Say how a part changed; of lists, such as packages, only what is not in both."""
    if isinstance(old, list) and isinstance(new, list):
        gone = [str(item) for item in old if item not in new]
        come = [str(item) for item in new if item not in old]
        return f"{', '.join(gone[:MOST_NAMED]) or 'nothing'} → {', '.join(come[:MOST_NAMED]) or 'nothing'}"
    if isinstance(old, dict) and isinstance(new, dict):
        names = sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))
        return ", ".join(
            f"{name} {_short(old.get(name))} → {_short(new.get(name))}" for name in names[:MOST_NAMED]
        )
    return f"{_short(old)} → {_short(new)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    digest = len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)
    return text[:12] if digest else text[:60]


def _sentence(differences: list[str]) -> str:
    return "; ".join(differences) or NOTHING

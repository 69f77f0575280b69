"""Which kind of board is it, by what its device tree says?"""

from __future__ import annotations

import re
from pathlib import Path

import yaml


def kinds_of(model: str | None, directory: str) -> list[str]:
    """Return the kinds whose patterns a device tree's model matches.

    Args:
        model: what the board says it is, None where it says nothing.
        directory: where each kind has its file of variables.
    """
    found = []
    for path in sorted(Path(directory).glob("*.yml")):
        patterns = (yaml.safe_load(path.read_text()) or {}).get("board_facts_model_patterns") or []
        if model and any(re.search(pattern, model) for pattern in patterns):
            found.append(path.stem)
    return found

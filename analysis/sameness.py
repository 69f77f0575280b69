"""Were the boards of one kind the same? What the controller found before it measured: ``fingerprints.json``."""

from typing import Any

from analysis.errors import InputError
from analysis.files import read_json
from analysis.sweep import Sweep

SCHEMA = "edgebench/fingerprints/1"


def differences(sweep: Sweep) -> dict[str, Any] | None:
    """Return ``differences`` and ``unknown`` of the sweep's file; ``None`` where it has none that can be read."""
    try:
        return read_json(sweep.root / "fingerprints.json", SCHEMA)
    except InputError:
        return None


def cautions(sweep: Sweep) -> list[str]:
    """Return what the verdict has to say of boards that are not the same."""
    found = differences(sweep)
    if found is None:
        return []
    kinds: dict[str, list[str]] = {}
    for one in found["differences"]:
        kinds.setdefault(one["kind"], []).append(one["part"])
    said = [
        f"boards of kind {kind} differ in {', '.join(sorted(set(parts)))}" for kind, parts in kinds.items()
    ]
    unknown = found["unknown"]
    return said + ([f"no fingerprint of {', '.join(unknown)} before it was measured"] if unknown else [])

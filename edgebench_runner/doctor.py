"""The gate: is this board in a state to be measured? Every check is one module in ``checks``."""

from typing import Dict, List, NamedTuple, Optional

from edgebench_runner import plugins

DEFAULT_GATE = {
    "min_disk_free_bytes": 200000000,
    "min_memory_free_bytes": 100000000,
    "max_load_per_cpu": 0.25,
}

Context = NamedTuple(
    "Context",
    [
        ("sample", Dict),  # one telemetry sample
        ("gate", Dict),  # thresholds, as in the cell spec
        ("directory", str),  # where results will be written
        ("kind", str),  # kind of board
        ("backend", Optional[str]),  # backend to import, or None
        ("python", Optional[str]),  # interpreter of its environment
    ],
)


def context(
    sample: Dict,
    gate: Dict,
    directory: str,
    kind: str = "generic_linux",
    backend: Optional[str] = None,
    python: Optional[str] = None,
) -> Context:
    """Return the context of the checks, with the default thresholds where ``gate`` gives none."""
    return Context(sample, dict(DEFAULT_GATE, **gate), directory, kind, backend, python)


def examine(about: Context) -> List[Dict]:
    """Run every check: ``{"check", "status", "found", "advice"}``, status pass, warn, fail or unknown."""
    results = []
    for name in plugins.names("checks"):
        status, found, advice = plugins.load("checks", name).check(about)
        results.append({"check": name, "status": status, "found": found, "advice": advice})
    return results

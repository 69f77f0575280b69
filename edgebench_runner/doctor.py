"""The gate: is this board in a state to be measured? Every check is one module in ``checks``."""

from typing import Any, Dict, List, NamedTuple, Optional

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
        ("expected", Dict),  # what the inventory says should be there, by the name of the check
    ],
)


def context(
    sample: Dict,
    gate: Dict,
    directory: str,
    kind: str = "generic_linux",
    backend: Optional[str] = None,
    python: Optional[str] = None,
    expected: Optional[Dict[str, Any]] = None,
) -> Context:
    """Return the context of the checks, with the default thresholds where ``gate`` gives none."""
    return Context(sample, dict(DEFAULT_GATE, **gate), directory, kind, backend, python, expected or {})


def examine(about: Context, thorough: bool = False) -> List[Dict]:
    """Run the checks: ``{"check", "status", "found", "advice"}``, status pass, warn, fail or unknown.

    Args:
        about: what they look at.
        thorough: also those that take time or start programs.
    """
    results = []
    for name in plugins.names("checks"):
        module = plugins.load("checks", name)
        if getattr(module, "ON_REQUEST", False) and not thorough:
            continue
        answer = module.check(about)
        if answer is not None:
            status, found, advice = answer
            results.append({"check": name, "status": status, "found": found, "advice": advice})
    return results

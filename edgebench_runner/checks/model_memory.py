"""Will the model fit into the memory?"""

from typing import Optional, Tuple

from edgebench_runner import memory_estimate


def check(about) -> Optional[Tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    """Compare what the cell's model is likely to take with what is available; ``None`` without a model."""
    expected = about.expected.get("model_memory")
    if not expected:
        return None
    needed = memory_estimate.needed_bytes(**expected)
    available = about.sample.get("memory_available_bytes")
    if available is None:
        return "unknown", "MemAvailable cannot be read", "is /proc mounted?"
    found = "about {:.0f} MB needed, {:.0f} MB available".format(needed / 1e6, available / 1e6)
    if needed <= available:
        return "pass", found, ""
    return "warn", found, "choose a smaller model or a lighter runtime; stop services"

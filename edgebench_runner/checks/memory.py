"""Is there memory for the model?"""

from typing import Tuple


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Compare the available memory with the gate's threshold."""
    available = about.sample.get("memory_available_bytes")
    if available is None:
        return "unknown", "MemAvailable cannot be read", "is /proc mounted?"
    status = "pass" if available >= about.gate["min_memory_free_bytes"] else "fail"
    return (
        status,
        "{:.2f} GB available".format(available / 1e9),
        "" if status == "pass" else "stop services, or choose smaller models",
    )

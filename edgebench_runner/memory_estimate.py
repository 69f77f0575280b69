"""Will a model fit? A rough estimate before it is tried: a board of 1 GB that runs full may stand still for minutes."""

from typing import Dict, Optional, Tuple

# Runtimes hold the weights about twice (as read and as packed for their kernels), and activations beside them.
MODEL_FACTOR = 2.5


def needed_bytes(artifact_bytes: int, runtime_bytes: int) -> int:
    """Return about how much memory a model will take."""
    return int(MODEL_FACTOR * artifact_bytes) + runtime_bytes


def refusal(expected: Dict[str, int], available: Optional[int]) -> Optional[Tuple[str, str]]:
    """Return outcome and detail where the model cannot fit: its file alone and the runtime are more than there is.

    Args:
        expected: ``artifact_bytes`` and ``runtime_bytes``.
        available: memory that a new process can have, ``None`` where that is unknown.
    """
    least = expected["artifact_bytes"] + expected["runtime_bytes"]
    if available is None or least <= available:
        return None
    text = "not tried: the file and the runtime alone are {:.0f} MB, {:.0f} MB are available"
    return "out_of_memory", text.format(least / 1e6, available / 1e6)

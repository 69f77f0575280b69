"""Engines of TensorRT that were built on this board, kept for the cells that follow."""

import os
from typing import Any, Dict, List, Optional

from edgebench_runner import atomic, identity, state
from edgebench_runner.fingerprint import firmware
from edgebench_runner.probes import read_text

_DRIVER = (
    "/proc/driver/nvidia/version"  # of a PC's driver; a Jetson's is a part of its L4T release, the firmware
)


def path_of(builder: str, version: str, artifact: Dict[str, Any], settings: Dict[str, Any]) -> str:
    """Return where the engine of an artifact is kept.

    Its name is the hash of all that an engine depends on: the board, since storage moves between boards and a builder
    times its choices on the GPU it has; driver, TensorRT, artifact and options, the precision among them.

    Args:
        builder: the backend.
        version: of TensorRT.
        artifact: the spec's artifact.
        settings: the backend's options.
    """
    parts = {
        "builder": builder,
        "version": version,
        "artifact": artifact["sha256"],
        "settings": {name: _content(value) for name, value in settings.items()},
        "board": board(),
    }
    return os.path.join(state.lasting(), "engine-{}.plan".format(atomic.sha256_json(parts)[:32]))


def board() -> List[Optional[str]]:
    """Return what tells one board, and the driver on it, from another."""
    about = identity.identity()
    return [about["model"], about["serial"], firmware(), (read_text(_DRIVER) or "").split("\n")[0] or None]


def _content(value: Any) -> Any:
    """Return the hash of a file that an option names (the inputs of a calibration), and any other value as it is."""
    if isinstance(value, str) and os.path.isfile(value):
        return atomic.sha256_file(value)
    return value

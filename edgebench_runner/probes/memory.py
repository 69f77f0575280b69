"""Available memory in bytes."""

from typing import Dict, Optional


def meminfo_bytes(key: str, path: str = "/proc/meminfo") -> Optional[int]:
    """Return one entry of /proc/meminfo in bytes, ``None`` where it is not there."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def available_bytes() -> Optional[int]:
    """Return the memory that a new process can have without swapping."""
    return meminfo_bytes("MemAvailable")


class Probe(object):
    """Reads MemAvailable."""

    def read(self) -> Dict:
        """Return ``memory_available_bytes``."""
        return {"memory_available_bytes": available_bytes()}

"""What page size has the kernel? Some libraries are built for 4 KiB only."""

import os
from typing import Tuple

_USUAL_BYTES = 4096


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Warn of anything but 4 KiB: it changes speed, and a jemalloc built for 4 KiB refuses to start."""
    size = os.sysconf("SC_PAGE_SIZE")
    if size == _USUAL_BYTES:
        return "pass", "4096 bytes", ""
    return (
        "warn",
        "{} bytes".format(size),
        "a Raspberry Pi 5 has a 4 KiB kernel: kernel=kernel8.img in config.txt",
    )

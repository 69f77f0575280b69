"""Is there room for the results?"""

import os
import shutil
from typing import Tuple


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Compare the free space of the file system the results go to with the gate's threshold."""
    path = os.path.abspath(about.directory)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    free = shutil.disk_usage(path).free
    status = "pass" if free >= about.gate["min_disk_free_bytes"] else "fail"
    advice = "" if status == "pass" else "free {} bytes".format(about.gate["min_disk_free_bytes"] - free)
    return status, "{:.2f} GB free".format(free / 1e9), advice

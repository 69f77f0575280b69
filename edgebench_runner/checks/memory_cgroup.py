"""Can the kernel hold a process to a memory limit?"""

import os
from typing import Tuple

from edgebench_runner.probes import read_text

ON_REQUEST = True
UNIFIED = "/sys/fs/cgroup/cgroup.controllers"
# Of version 1; a kernel since 6.12 without it has no such line although version 2 has the controller.
TABLE = "/proc/cgroups"


def check(about, unified: str = UNIFIED, table: str = TABLE) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """The memory controller should be there: a Raspberry Pi's firmware switches it off."""
    if "memory" in (read_text(unified) or "").split():
        return "pass", "version 2", ""
    rows = [line.split() for line in (read_text(table) or "").splitlines()]
    if any(row[0] == "memory" and row[-1] == "1" for row in rows if row):
        return "pass", "version 1", ""
    if not os.path.exists(unified) and not rows:
        return "unknown", "no control groups can be seen", "is /sys/fs/cgroup mounted?"
    advice = (
        "add cgroup_enable=memory (the knob kernel_command_line); kills for memory are told apart less surely"
    )
    return "warn", "the kernel has no memory controller", advice

"""Has the storage failed since boot, or can it no longer be written?"""

import os
import re
from typing import List, Optional, Tuple

from edgebench_runner import kernel_log
from edgebench_runner.probes import read_text

MOUNTS = "/proc/self/mounts"
_FAILURES = re.compile(
    r"[Rr]emounting filesystem read-only|(EXT4|F2FS|BTRFS|XFS).*\b[Ee]rror\b|I/O error"
    r"|mmc\d+: (error|cache flush error|timeout|Timeout)|nvme\d+: .*(timeout|abort)"
)
REPLACE = "copy the card and replace it; a worn one often fails like this"


def check(about, mounts: str = MOUNTS) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """The file system of the results must be writable and the kernel's log free of storage errors."""
    mount = mount_of(os.path.realpath(about.directory), read_text(mounts) or "")
    if mount is not None and "ro" in mount[3].split(","):
        return "fail", "{} is mounted read-only at {}".format(mount[0], mount[1]), REPLACE
    lines = kernel_log.since_boot()
    if lines is None:
        return "unknown", "the kernel's log cannot be read", "run as root; look at dmesg"
    failures = errors(lines, os.path.basename(os.path.realpath(mount[0])) if mount else "")
    if failures:
        return "fail", "{} in the kernel's log, the last: {}".format(len(failures), failures[-1]), REPLACE
    return "pass", "no storage error since boot", ""


def errors(lines: List[str], device: str) -> List[str]:
    """Return the text of those kernel log records that tell of the device failing, its disk or its controller.

    Args:
        lines: records as ``kernel_log`` has them.
        device: name of the partition, such as mmcblk0p2.
    """
    disk = re.sub(r"(?<=\d)p\d+$|(?<=[a-z])\d+$", "", device)
    controller = re.sub(r"^mmcblk", "mmc", disk)
    names = re.compile(
        r"\b({})\b".format("|".join(map(re.escape, {device, disk, controller} - {""})) or "$^")
    )
    texts = [line.partition(";")[2] for line in lines]
    return [text for text in texts if _FAILURES.search(text) and names.search(text)]


def mount_of(path: str, mounts: str) -> Optional[List[str]]:
    """Return device, mount point, file system and options of what holds a path; the last mounted of the longest."""
    rows = [line.split() for line in mounts.splitlines()]
    holding = [row for row in rows if path == row[1] or path.startswith(row[1].rstrip("/") + "/")]
    longest = max([len(row[1]) for row in holding], default=0)
    return next((row for row in reversed(holding) if len(row[1]) == longest), None)

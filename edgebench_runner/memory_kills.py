"""Did the kernel kill a process for memory? Its control group knows, its log knows, and a global counter."""

import os
import re
from typing import Dict, List, Optional

_KILLED = re.compile(r"(?:Killed|Kill) process (\d+)")


def counters(pid: int) -> Dict[str, int]:
    """Return the counts of memory kills that can be read: of ``pid``'s control group and of the machine."""
    found = {}
    for path in _control_files(pid):
        count = _count(path, "oom_kill")
        if count is not None:
            found["cgroup"] = count
    machine = _count("/proc/vmstat", "oom_kill")
    if machine is not None:
        found["machine"] = machine
    return found


def evidence(
    pid: int, before: Dict[str, int], after: Dict[str, int], kernel_lines: Optional[List[str]]
) -> Optional[str]:
    """Return what shows that ``pid``, dead of SIGKILL, was killed for memory; ``None`` where nothing does.

    The machine's counter alone convicts only where neither the log nor a control group could tell.
    """
    for line in kernel_lines or []:
        match = _KILLED.search(line)
        if match and int(match.group(1)) == pid:
            return "kernel log: " + line
    if after.get("cgroup", 0) > before.get("cgroup", 0):
        return "the control group counted a memory kill"
    blind = kernel_lines is None and "cgroup" not in after
    if blind and after.get("machine", 0) > before.get("machine", 0):
        return "the machine counted a memory kill"
    return None


def _control_files(pid: int) -> List[str]:
    """Return the files that count ``pid``'s memory kills: memory.events (v2), memory.oom_control (v1)."""
    try:
        with open("/proc/{}/cgroup".format(pid)) as file:
            entries = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return []
    files = []
    for _, controllers, path in entries:
        if not controllers:
            files += [_under(mount, path, "memory.events") for mount in _mounts("cgroup2", "")]
        elif "memory" in controllers.split(","):
            files += [_under(mount, path, "memory.oom_control") for mount in _mounts("cgroup", "memory")]
    return files


def _mounts(kind: str, wanted: str) -> List[str]:
    with open("/proc/self/mounts") as file:
        rows = [line.split() for line in file]
    return [row[1] for row in rows if row[2] == kind and (not wanted or wanted in row[3].split(","))]


def _under(mount: str, path: str, name: str) -> str:
    return os.path.join(mount, path.lstrip("/"), name)


def _count(path: str, key: str) -> Optional[int]:
    try:
        with open(path) as file:
            rows = dict(line.split(None, 1) for line in file if " " in line)
        return int(rows[key]) if key in rows else None
    except (OSError, ValueError):
        return None

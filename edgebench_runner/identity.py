"""Which board this is: names, serial numbers, processor, memory, storage, operating system."""

import os
import platform
import re
from typing import Dict, List, Optional

from edgebench_runner.probes import read_text
from edgebench_runner.probes.memory import meminfo_bytes

_DEVICE_TREE = "/sys/firmware/devicetree/base/"  # what /proc/device-tree links to
_X86_FEATURES = {
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
}
_ARM_FEATURES = {
    "neon",
    "vfpv4",
    "asimd",
    "asimdhp",
    "asimddp",
    "fphp",
    "atomics",
    "sve",
    "sve2",
    "i8mm",
    "bf16",
}
_DMI = "/sys/class/dmi/id/"


def identity() -> Dict:
    """Return the record's ``identity``; what cannot be read is ``None``."""
    return {
        "hostname": platform.node(),
        "model": read_text(_DEVICE_TREE + "model") or read_text(_DMI + "product_name"),
        "serial": read_text(_DEVICE_TREE + "serial-number") or read_text(_DMI + "product_serial"),
        "machine": platform.machine(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_bytes": meminfo_bytes("MemTotal"),
        "storage": storage_of("/"),
        "os": os_name(),
        "kernel": platform.release(),
    }


def cpu_name(path: str = "/proc/cpuinfo") -> Optional[str]:
    """Return the processor's name; on Arm, whose kernel gives none, its implementer and part numbers."""
    text = read_text(path) or ""
    fields = dict(re.findall(r"^([\w ]+?)\s*:\s*(.+)$", text, re.MULTILINE))
    if "model name" in fields:
        return fields["model name"]
    if "CPU part" in fields:
        return "implementer {} part {}".format(fields.get("CPU implementer"), fields["CPU part"])
    return None


def cpu_features(path: str = "/proc/cpuinfo") -> Optional[List[str]]:
    """Return which of the instruction sets that runtimes choose their kernels by this processor has, sorted."""
    match = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", read_text(path) or "", re.MULTILINE)
    return sorted((_X86_FEATURES | _ARM_FEATURES).intersection(match.group(1).split())) if match else None


def os_name() -> Optional[str]:
    """Return the name and version of the operating system."""
    match = re.search(r'^PRETTY_NAME="?([^"\n]+)', read_text("/etc/os-release") or "", re.MULTILINE)
    return match.group(1) if match else None


def storage_of(mount_point: str) -> Optional[str]:
    """Return device and file system of a mount point, as ``/dev/mmcblk0p2 ext4``."""
    rows = [line.split() for line in (read_text("/proc/self/mounts") or "").splitlines()]
    found = [row for row in rows if row[1] == mount_point]
    return "{} {}".format(found[-1][0], found[-1][2]) if found else None

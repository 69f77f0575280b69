"""Print, as one JSON object, what a board says it is. Runs on the board: Python 3.6, standard library."""

import json
import os
import platform
import struct
import sys

# /proc/device-tree is a link to it, which a container lacks.
DEVICE_TREE = "/sys/firmware/devicetree/base/"


def read_text(path):
    """Return the stripped text of a file (device tree strings end in NUL), or None when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return None


def operating_system(text):
    """Return (id, release) from the text of os-release, e.g. ("debian", "12"); None for what is missing."""
    values = {}
    for line in (text or "").splitlines():
        key, _, value = line.partition("=")
        values[key.strip()] = value.strip().strip("\"'")
    name = values.get("ID")
    # 64-bit Raspberry Pi OS calls itself debian, the 32-bit one raspbian: the same releases and C library.
    return ("debian" if name == "raspbian" else name), values.get("VERSION_ID")


def userland_machine(machine, bits):
    """Return the machine that programs are built for: a 64-bit kernel may carry a 32-bit userland."""
    if bits == 32:
        return {"aarch64": "armv7l", "x86_64": "i686"}.get(machine, machine)
    return machine


def describe():
    """Return the description: operating system, machine, Python, C library, device tree and L4T release."""
    name, release = operating_system(read_text("/etc/os-release"))
    libc, libc_version = platform.libc_ver()
    return {
        "os": name,
        "os_release": release,
        "machine": userland_machine(platform.machine(), struct.calcsize("P") * 8),
        "kernel_machine": platform.machine(),
        "python": platform.python_version(),
        "python_tag": "cp%d%d" % sys.version_info[:2],
        "libc": "%s %s" % (libc, libc_version) if libc else None,
        "model": read_text(DEVICE_TREE + "model"),
        "compatible": (read_text(DEVICE_TREE + "compatible") or "").split("\0"),
        "l4t_release": (read_text("/etc/nv_tegra_release") or "").split(",")[0].strip("# ") or None,
        "effective_user": os.geteuid(),
    }


if __name__ == "__main__":
    print(json.dumps(describe(), sort_keys=True))

"""The configuration a number depends on, by part, and the hash of all parts.

Two numbers are comparable when their parts are equal except for what is under test. Nothing in here changes
from one boot to the next by itself: states (temperatures, clocks of the moment) are elsewhere.
"""

import glob
import json
import os
import platform
import re
import subprocess
import sys
from typing import Any, Dict, List, Optional, Sequence

from edgebench_runner import affinity, atomic, environment, identity, resources, vendor_packages
from edgebench_runner.probes import gpu, read_text
from edgebench_runner.probes.memory import meminfo_bytes

_BOOT_CONFIGS = ("/boot/firmware/config.txt", "/boot/config.txt")
_SPEED_PARAMETER = re.compile(
    r"(isolcpus|nohz|nohz_full|rcu_nocbs|irqaffinity|maxcpus|nr_cpus|mem|mitigations|idle|preempt|cma"
    r"|cgroup_(enable|disable|memory)|transparent_hugepage|default_hugepagesz|hugepagesz?|hugepages"
    r"|(cpufreq|cpuidle|intel_pstate|intel_idle|amd_pstate|processor)(\.\w+)?|spectre_v2|nospectre_\w+|kpti)(=|$)"
)
_TIMEOUT_S = 600.0  # a board that is busy or slow is still the same board
# Run by the environment's Python: its version, and its packages by the names of their metadata directories.
_DESCRIBE_PYTHON = """
import hashlib, json, os, platform, re, sys
names, outside = set(), {}
for path in sys.path:
    if os.path.isdir(path):
        for name in os.listdir(path):
            if name.endswith("-info"):
                package = re.sub(r"\\.(dist-info|egg-info)$", "", name)
                names.add(package)
                record = os.path.join(path, name, "RECORD")
                if not path.startswith(sys.prefix + os.sep) and os.path.isfile(record):
                    with open(record, "rb") as file:
                        outside[package] = hashlib.sha256(file.read()).hexdigest()
print(json.dumps({"version": platform.python_version(), "packages": sorted(names), "outside": outside}))
"""


def board_parts() -> Dict[str, Any]:
    """Return the parts that belong to the board: system, processor, memory, tuning, a vendor's packages."""
    parts: Dict[str, Any] = {
        "os": identity.os_name(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "firmware": firmware(),
        "cpu": identity.cpu_name(),
        "cpu_features": identity.cpu_features(),
        "cores_online": read_text("/sys/devices/system/cpu/online"),
        "memory_bytes": meminfo_bytes("MemTotal"),
        "page_size_bytes": os.sysconf("SC_PAGE_SIZE"),
        "governor": frequency_policy("scaling_governor"),
        "frequency_min_khz": frequency_policy("scaling_min_freq"),
        "frequency_max_khz": frequency_policy("scaling_max_freq"),
        "power_mode": read_text("/var/lib/nvpmodel/status"),
        "transparent_hugepages": _chosen(read_text("/sys/kernel/mm/transparent_hugepage/enabled")),
        "swap_bytes": meminfo_bytes("SwapTotal"),
        "storage": identity.storage_of("/"),
    }
    own = {
        "measured_cpus": affinity.measured_cpus(),
        "vendor_packages": vendor_packages.installed(),
        "gpu_clock": gpu.limits(),
        "boot_config": boot_config(),
        "kernel_parameters": kernel_parameters(),
        "userland_bits": 32 if sys.maxsize < 2**32 else None,  # under a kernel that may say aarch64
    }
    parts.update({name: value for name, value in own.items() if value is not None})
    return parts


def python_parts(python: str) -> Dict[str, Any]:
    """Return version and packages of an environment, by its interpreter; ``None`` where it does not run.

    A package that the environment sees in the system's Python, as it does a Jetson's own, also has the SHA-256 of its
    ``RECORD``, which holds a hash of each of its files: ``system_packages``.
    """
    try:
        output = subprocess.check_output(
            [python, "-c", _DESCRIBE_PYTHON], stderr=subprocess.DEVNULL, timeout=_TIMEOUT_S
        )
        found = json.loads(output.decode("utf-8"))
    except (OSError, subprocess.SubprocessError, ValueError):
        return {"python": None, "packages": None}
    parts = {"python": found["version"], "packages": found["packages"]}
    if found["outside"]:
        parts["system_packages"] = found["outside"]
    return parts


def cell_parts(spec: Dict) -> Dict[str, Any]:
    """Return the parts that belong to a cell: environment, runner, artifact, dataset, options, protocol."""
    parts = python_parts(spec["environment"]["python"])
    parts["lock_sha256"] = spec["environment"].get("lock_sha256")
    installed = environment.distribution_packages(spec["environment"]["python"])
    if installed:
        parts["distribution_packages"] = installed
    parts["runner_sha256"] = resources.runner_sha256()
    parts["artifact_sha256"] = spec["artifact"]["sha256"] if spec["artifact"] else None
    parts["dataset_sha256"] = spec["dataset"]["sha256"] if spec["dataset"] else None
    parts["options"] = spec["options"]
    parts["protocol"] = spec["protocol"]
    return parts


def digest(parts: Dict[str, Any]) -> str:
    """Return the fingerprint: the SHA-256 of the canonical JSON of the parts."""
    return atomic.sha256_json(parts)


def frequency_policy(name: str, root: str = "/sys/devices/system/cpu/cpufreq") -> Optional[List[str]]:
    """Return one cpufreq setting for every policy in order, ``None`` where the board has no cpufreq."""
    paths = sorted(glob.glob(os.path.join(root, "policy*", name)))
    return [read_text(path) or "" for path in paths] or None


def firmware() -> Optional[str]:
    """Return the version of the board's firmware: BIOS, JetPack's L4T release, or the Pi's bootloader."""
    for path in ("/sys/class/dmi/id/bios_version", "/sys/firmware/devicetree/base/chosen/bootloader/version"):
        text = read_text(path)
        if text:
            return text
    match = re.match(r"# (R\d+ .*?REVISION: [\d.]+)", read_text("/etc/nv_tegra_release") or "")
    return match.group(1) if match else None


def boot_config(places: Sequence[str] = _BOOT_CONFIGS) -> Optional[List[str]]:
    """Return what a Raspberry Pi's ``config.txt`` says, without its comments; ``None`` on other boards."""
    text = next((text for text in map(read_text, places) if text is not None), None)
    lines = (line.strip() for line in (text or "").splitlines())
    return None if text is None else [line for line in lines if line and not line.startswith("#")]


def kernel_parameters(path: str = "/proc/cmdline") -> Optional[List[str]]:
    """Return the kernel parameters that speed depends on, sorted; what tells one board from another is left out."""
    return sorted(filter(_SPEED_PARAMETER.match, (read_text(path) or "").split())) or None


def _chosen(text: Optional[str]) -> Optional[str]:
    match = re.search(r"\[(\w+)\]", text or "")
    return match.group(1) if match else None

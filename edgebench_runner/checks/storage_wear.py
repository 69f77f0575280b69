"""How worn is the storage that the results go to?"""

import json
import os
import re
import shutil
import subprocess
from typing import Any, Dict, List, Optional, Tuple

from edgebench_runner.checks.storage_errors import MOUNTS, mount_of
from edgebench_runner.probes import read_text

ON_REQUEST = True
SYS_BLOCK = "/sys/block"
_TIMEOUT_S = 20
_OLD_TENTHS, _BEYOND = 9, 11  # of a life: 0x09 is 80 to 90 % used, 0x0b is beyond its estimated life
_PRE_END_OF_LIFE = {2: "warn", 3: "fail"}  # 80 %, 90 % of the reserved blocks are used up
BACK_UP = "back it up and plan to replace it"


def check(about, mounts: str = MOUNTS, sys_block: str = SYS_BLOCK) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """eMMC by its own registers, NVMe and disks by smartctl; an SD card does not tell."""
    mount = mount_of(os.path.realpath(about.directory), read_text(mounts) or "")
    disk = None if mount is None else disk_of(mount[0], sys_block)
    if disk is None:
        device = mount[0] if mount else about.directory
        return "unknown", "{} is on no disk of its own".format(device), "look at the disk below it"
    if disk.startswith("mmcblk"):
        return _card(disk, os.path.join(sys_block, disk, "device"))
    if shutil.which("smartctl") is None:
        return "unknown", "{}: no smartctl".format(disk), "install smartmontools"
    return _smart(disk)


def disk_of(device: str, sys_block: str) -> Optional[str]:
    """Return the disk of a partition: mmcblk0 of /dev/mmcblk0p2; ``None`` where the kernel knows none."""
    name = os.path.basename(os.path.realpath(device))
    candidates = [name, re.sub(r"p\d+$", "", name), re.sub(r"\d+$", "", name)]
    return next((one for one in candidates if one and os.path.isdir(os.path.join(sys_block, one))), None)


def _card(disk: str, directory: str) -> Tuple[str, str, str]:
    life = [int(word, 16) for word in (read_text(os.path.join(directory, "life_time")) or "").split()]
    if not any(life):
        what = "an SD card" if read_text(os.path.join(directory, "type")) == "SD" else "an old eMMC"
        advice = "keep copies; see storage_errors for what it has shown"
        return "unknown", "{}: {} does not tell its wear".format(disk, what), advice
    used = max(life)
    reserve = int(read_text(os.path.join(directory, "pre_eol_info")) or "0", 16)
    found = "{}: {}".format(disk, "beyond its life" if used >= _BEYOND else "{} % used".format(used * 10))
    status = "fail" if used >= _BEYOND else "warn" if used > _OLD_TENTHS else "pass"
    status = max(status, _PRE_END_OF_LIFE.get(reserve, "pass"), key=("pass", "warn", "fail").index)
    return status, found, "" if status == "pass" else BACK_UP


def _smart(disk: str) -> Tuple[str, str, str]:
    command = ["smartctl", "--json", "--health", "--attributes", "/dev/" + disk]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_TIMEOUT_S)
        answer = json.loads(done.stdout.decode("utf-8", "replace"))
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return "unknown", "{}: {}".format(disk, error), "run smartctl by hand"
    return judge_smart(disk, answer)


def judge_smart(disk: str, answer: Dict[str, Any]) -> Tuple[str, str, str]:
    """Judge what ``smartctl --json`` said."""
    passed = answer.get("smart_status", {}).get("passed")
    if passed is None:
        messages: List[Dict] = answer.get("smartctl", {}).get("messages", [])
        reason = "; ".join(message.get("string", "") for message in messages) or "no health in its answer"
        return "unknown", "{}: {}".format(disk, reason), "run smartctl by hand"
    used = answer.get("nvme_smart_health_information_log", {}).get("percentage_used")
    found = disk + ": " + ("healthy" if passed else "failing")
    found += "" if used is None else ", {} % used".format(used)
    if not passed:
        return "fail", found, BACK_UP
    return ("warn", found, BACK_UP) if used is not None and used >= 10 * _OLD_TENTHS else ("pass", found, "")

"""Starts a detached cell as a transient systemd service, where there is a systemd to do so."""

import os
import re
import shutil
import subprocess
import sys
from typing import Dict, List

from edgebench_runner import pulses, resources
from edgebench_runner.atomic import sha256_json

_MARGIN_S = 120.0
_OOM_POLICY_SINCE = 243


def systemd_usable() -> bool:
    """Tell whether this is root on a machine that systemd booted."""
    return (
        os.geteuid() == 0 and os.path.isdir("/run/systemd/system") and shutil.which("systemd-run") is not None
    )


def systemd_version() -> int:
    """Return the version of systemd, 0 where it does not say."""
    output = subprocess.check_output(["systemctl", "--version"], stderr=subprocess.DEVNULL).decode("utf-8")
    match = re.match(r"systemd (\d+)", output)
    return int(match.group(1)) if match else 0


def longest_s(spec: Dict) -> float:
    """Return the longest time a cell may take in all: its deadline and its rests, with a margin."""
    protocol, cooldown = spec["protocol"], spec["cooldown"]
    rests = protocol["idle_before_s"] + protocol["idle_after_s"]
    rests += 2 * sum(pulses.lengths_s(protocol["sync_pulses"]))
    rests += cooldown.get("seconds", 0.0) + cooldown.get(
        "deadline_s", 600.0 if cooldown["method"] == "reference" else 0.0
    )
    return protocol["deadline_s"] + rests + _MARGIN_S


def command(spec: Dict, spec_path: str, directory: str) -> List[str]:
    """Return the ``systemd-run`` command that runs one cell in a service and waits for its end."""
    cell = re.sub(r"[^A-Za-z0-9]+", "-", spec["cell_id"])
    properties = ["RuntimeMaxSec={:.0f}".format(longest_s(spec))]
    if systemd_version() >= _OOM_POLICY_SINCE:
        properties.append(
            "OOMPolicy=continue"
        )  # else the runner is stopped along with a worker killed for memory
    return [
        "systemd-run",
        "--unit=edgebench-{}-{}".format(cell, sha256_json(directory)[:8]),
        "--collect",
        "--wait",
        "--quiet",
        *("--property=" + name for name in properties),
        "--setenv=PYTHONPATH=" + resources.root(),
        sys.executable,
        "-m",
        "edgebench_runner",
        "run",
        os.path.abspath(spec_path),
        "--out",
        os.path.abspath(directory),
    ]


def run_service(spec: Dict, spec_path: str, directory: str) -> int:
    """Run one cell in a service; return systemd-run's exit status at its end, which the directory tells more about."""
    done = subprocess.run(command(spec, spec_path, directory), stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return done.returncode

"""The product's playbooks over boards of the lab, and what they made there."""

from __future__ import annotations

import base64
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import linear_digits
from labs import REPOSITORY, VirtualLab

ROOT = "/var/lib/edgebench"
# What tuning touches, in the board's own words and not in those of the tool under test.
STATE = (
    "export SYSTEMD_BUS_TIMEOUT=600;"  # systemctl's own 25 s are short for an emulated board
    " cd /sys/devices/system/cpu/cpufreq && grep . policy*/scaling_governor policy*/scaling_m??_freq /proc/swaps"
    " && systemctl list-unit-files --no-legend"
    " && systemctl list-units --type=timer --plain --no-legend | cut -d' ' -f1-4"
)


def playbook(
    lab: VirtualLab, name: str, backends: list[str] | None, *arguments: str, timeout_s: float = 1200
) -> subprocess.CompletedProcess[str]:
    """Run one of the product's playbooks over the lab, for these backends or for those that the inventory names."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), f"playbooks/{name}.yml"]
    wanted = ["-e", json.dumps({"edgebench_backends": backends})] if backends is not None else []
    return subprocess.run(
        [*command, "-i", str(lab.inventory), *wanted, *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def changes(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return, from the recap, how many tasks changed each board."""
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout, re.MULTILINE)
    return {name: int(count) for name, count in found if name != "localhost"}


def changed_tasks(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the names of the tasks that changed something, for a message that helps."""
    tasks = re.split(r"^TASK \[(.*?)\] \**$", done.stdout, flags=re.MULTILINE)[1:]
    return [
        name
        for name, text in zip(tasks[::2], tasks[1::2], strict=True)
        if re.search("^changed", text, re.MULTILINE)
    ]


def environments(lab: VirtualLab, name: str) -> dict[str, Any]:
    """Return the ``environment.json`` of each environment of a board, by the environment's name."""
    paths = lab.output(name, f"ls {ROOT}/envs/*/environment.json").split()
    return {path.split("/")[-2]: json.loads(lab.output(name, f"cat {path}")) for path in paths}


def interpreter(lab: VirtualLab, name: str, backend: str) -> str:
    """Return the path, on a board, of the interpreter of a backend's environment."""
    path = next(path for path in environments(lab, name) if path.startswith(f"{backend}-"))
    return f"{ROOT}/envs/{path}/bin/python"


def fingerprint(lab: VirtualLab, name: str, backend: str) -> Any:
    """Return a board's fingerprint, with what is in a backend's environment."""
    python = interpreter(lab, name, backend)
    command = f"{ROOT}/edgebench_runner.pyz fingerprint --json --python {python}"
    return json.loads(lab.output(name, f"python3 {command}"))


def run_cell(
    lab: VirtualLab, name: str, directory: Path, spec: dict[str, Any], timeout_s: float = 120
) -> tuple[dict[str, Any], list[int]]:
    """Run a cell with the files of a directory, in ``/root/cell-files`` on a board.

    Returns:
        The record, and the class that each inference gave.
    """
    (directory / "spec.json").write_text(json.dumps(spec))
    packed = subprocess.run(["tar", "-C", directory, "-cz", "."], capture_output=True, check=True)
    done = lab.ssh_with_input(
        name,
        "rm -rf cell-files cell && mkdir cell-files && base64 -d | tar -C cell-files -xz"
        f" && python3 {ROOT}/edgebench_runner.pyz run cell-files/spec.json --out cell --detach >&2;"
        " base64 -w 0 cell/outputs.bin; echo && cat cell/cell.json",
        base64.b64encode(packed.stdout).decode(),
        timeout_s,
    )
    assert done.returncode == 0, done.stderr
    outputs, text = done.stdout.split("\n", 1)
    rows = struct.iter_unpack("<6i", base64.b64decode(outputs))
    record: dict[str, Any] = json.loads(text)
    return record, [row[1] for row in rows]


def require_right_answers(
    record: dict[str, Any], classes: list[int], artifacts: linear_digits.Artifacts
) -> None:
    """Fail unless a cell of the linear digits ended well, with the classes that NumPy gives."""
    assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
    assert record["check"]["passed"]
    assert record["n_completed"] == len(artifacts.classes) - 2
    assert classes == artifacts.classes
    assert artifacts.accuracy > 0.85

"""A removed lab leaves nothing, whatever happened to it before."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from labs import VirtualLab, board

pytestmark = pytest.mark.lab


def processes(lab: VirtualLab) -> list[str]:
    """Command lines of the lab's processes: supervisors, containers and what these run.

    One that is dead and waits for its parent to notice has no command line.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            groups = (process / "cgroup").read_text()
        except OSError:
            continue
        if (line and f"edgebench_lab_{lab.name}/" in groups) or f"{lab.directory} supervise" in line:
            found.append(line)
    return found


def leftovers(lab: VirtualLab) -> dict[str, object]:
    """Everything that a lab makes outside its own directory, and what is left in it."""
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "processes": processes(lab),
        "namespaces": [path.name for path in Path("/run/netns").glob(f"eb-{lab.name}*")],
        "links": [line for line in links.splitlines() if line.startswith(f"eb-{lab.name}")],
        "mounts": [
            line for line in Path("/proc/mounts").read_text().splitlines() if str(lab.directory) in line
        ],
        "groups": [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/edgebench_lab_{lab.name}")],
        "files": [str(path) for path in lab.directory.rglob("*")] if lab.directory.exists() else [],
        "inventory": lab.inventory.exists(),
        "runtime": Path(f"/run/edgebench_virtual_lab/{lab.name}").exists(),
    }


@pytest.mark.parametrize("crashed", [False, True])
def test_removal_leaves_nothing(needs_root: None, tmp_path: Path, crashed: bool) -> None:
    lab = VirtualLab("gone", "10.213.78.0/24", tmp_path, [board("pi4-a", "raspberry_pi_4")])
    lab.playbook()
    made = leftovers(lab)
    made.pop("mounts")  # they are in the supervisors' own mount namespaces
    assert all(made.values()), made
    if crashed:
        lab.kill_supervisor("pi4-a")
        (lab.directory / "lab.json").unlink()
    lab.playbook("-e", "state=absent")
    assert not any(leftovers(lab).values()), leftovers(lab)
    assert "changed=0" in lab.playbook("-e", "state=absent")

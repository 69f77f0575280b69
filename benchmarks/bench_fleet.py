"""Whether boards measure side by side: sixteen container boards against one, each with the same sleeping cells.

Needs root: ``python benchmarks/bench_fleet.py``. What is timed is the measuring of a whole sweep, without the
preparation of the boards before it and the report after it. Also said: the processor time and the memory that it took
on the controller, which is this machine as are its boards. The last line is the ratio of the two wall times; exits
with 1 above its bound.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "lab")]

from labs import VirtualLab, board  # noqa: E402
from sweeps import Controller, Sweep  # noqa: E402

BOUND = 1.3
SLEEP_S = 20.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What measuring took on the controller."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    """The most that all of its processes used at a time, pages that they share counted once."""


def main() -> int:
    """Run both sweeps and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=16)
    parser.add_argument("--cells", type=int, default=3, help="of each board")
    chosen = parser.parse_args()
    costs = {}
    with tempfile.TemporaryDirectory(prefix="edgebench-fleet-") as folder:
        for n_boards in (1, chosen.boards):
            costs[n_boards] = measure(Path(folder) / str(n_boards), n_boards, chosen.cells)
            print(describe(costs[n_boards], n_boards, n_boards * chosen.cells), flush=True)
    ratio = costs[chosen.boards].wall_s / costs[1].wall_s
    print(f"ratio = {ratio:.3f}")
    return int(ratio > BOUND)


def describe(cost: Cost, n_boards: int, n_cells: int) -> str:
    """One line of the table."""
    return (
        f"{n_boards:3} boards  {n_cells:4} cells  {cost.wall_s:7.1f} s  controller: "
        f"{cost.cpu_s / n_cells:.3f} CPU s a cell, {100 * cost.cpu_s / cost.wall_s:.0f} % of a core, "
        f"{cost.memory_bytes / n_boards / 2**20:.0f} MiB a board"
    )


def measure(folder: Path, n_boards: int, n_cells: int) -> Cost:
    """Make a lab, sweep it, remove it."""
    folder.mkdir()
    boards = [board(f"board-{index:02}", "generic_linux", 256) for index in range(n_boards)]
    lab = VirtualLab("fleet", "10.213.90.0/24", folder, boards)
    lab.playbook("-e", "state=absent")  # of a run that was killed
    try:
        lab.playbook()
        controller = Controller(folder / "controller", lab.inventory)
        controller.write_sleeper(sleep_s=SLEEP_S, inferences=1, repeats=n_cells)
        cost = timed(controller.start("fleet"))
        outcomes = controller.outcomes("fleet")
        log = (controller.folder / "fleet.log").read_text()
    finally:
        lab.playbook("-e", "state=absent")
    wrong = {name: found for name, found in outcomes.items() if found != ["ok"] * n_cells}
    if wrong:
        sys.exit(f"{log}\nnot every cell was measured: {wrong}")
    return cost


def timed(sweep: Sweep) -> Cost:
    """What it took between the first cell's start and the last cell's end."""
    sweep.wait_for("^== Measure$")
    start_s, start_cpu_s = time.monotonic(), used_cpu_s(sweep.process.pid)
    memory_bytes = 0
    while not re.search("^== Report$", sweep.text(), re.MULTILINE):
        if sweep.process.poll() is not None:
            sys.exit(f"the sweep ended without a report:\n{sweep.text()}")
        memory_bytes = max(memory_bytes, used_memory_bytes(sweep.process.pid))
        time.sleep(1)
    wall_s, cpu_s = time.monotonic() - start_s, used_cpu_s(sweep.process.pid) - start_cpu_s
    sweep.end()
    return Cost(wall_s, cpu_s, memory_bytes)


def used_cpu_s(pid: int) -> float:
    """Processor time of a process and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def used_memory_bytes(pid: int) -> int:
    """Memory of a process and its descendants, what several share divided among them."""
    total, waiting = 0, [pid]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        with contextlib.suppress(OSError):  # it ended meanwhile
            rollup = (process / "smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0]) * 1024
            for children in process.glob("task/*/children"):
                waiting += map(int, children.read_text().split())
    return total


if __name__ == "__main__":
    sys.exit(main())

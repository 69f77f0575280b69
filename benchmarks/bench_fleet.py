"""Whether boards measure side by side: sixteen container boards against one, each with the same sleeping cells.

Needs root: ``python benchmarks/bench_fleet.py``. What is timed is the measuring of a whole sweep, without the
preparation of the boards before it and the report after it. The last line is the ratio of the two wall times;
exits with 1 above its bound.
"""

from __future__ import annotations

import argparse
import os
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
CELLS = 3
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What measuring took on the controller."""

    wall_s: float
    cpu_s: float


def main() -> int:
    """Run both sweeps and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=16)
    n_boards = parser.parse_args().boards
    with tempfile.TemporaryDirectory(prefix="edgebench-fleet-") as folder:
        one = measure(Path(folder) / "one", 1)
        many = measure(Path(folder) / "many", n_boards)
    for n, cost in ((1, one), (n_boards, many)):
        n_cells = n * CELLS
        cpu_s_per_cell = cost.cpu_s / n_cells
        print(
            f"{n:3} boards  {n_cells:4} cells  {cost.wall_s:7.1f} s  controller {cpu_s_per_cell:.2f} CPU s a cell"
        )
    ratio = many.wall_s / one.wall_s
    print(f"ratio = {ratio:.3f}")
    return int(ratio > BOUND)


def measure(folder: Path, n_boards: int) -> Cost:
    """Make a lab, sweep it, remove it."""
    folder.mkdir()
    boards = [board(f"board-{index:02}", "generic_linux", 256) for index in range(n_boards)]
    lab = VirtualLab("fleet", "10.213.90.0/24", folder, boards)
    lab.playbook("-e", "state=absent")  # of a run that was killed
    lab.playbook()
    try:
        controller = Controller(folder / "controller", lab.inventory)
        controller.write_sleeper(sleep_s=SLEEP_S, inferences=1, repeats=CELLS)
        cost = timed(controller.start("fleet"))
        outcomes = controller.outcomes("fleet")
    finally:
        lab.playbook("-e", "state=absent")
    wrong = {name: found for name, found in outcomes.items() if found != ["ok"] * CELLS}
    if wrong:
        sys.exit(f"not every cell was measured: {wrong}")
    return cost


def timed(sweep: Sweep) -> Cost:
    """Wall time and processor time between the first cell's start and the last cell's end."""
    sweep.wait_for("^== Measure$")
    start_s, start_cpu_s = time.monotonic(), used_cpu_s(sweep.process.pid)
    sweep.wait_for("^== Report$")
    cost = Cost(time.monotonic() - start_s, used_cpu_s(sweep.process.pid) - start_cpu_s)
    sweep.end()
    return cost


def used_cpu_s(pid: int) -> float:
    """Processor time of a process and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


if __name__ == "__main__":
    sys.exit(main())

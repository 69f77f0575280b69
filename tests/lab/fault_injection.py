"""Faults that wait for their moment in one cell of one board, and then happen for real.

The moment is read from the controller's side of the board's disk: nothing is run on a board that measures.
"""

from __future__ import annotations

import os
import shlex
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from labs import VirtualLab, wait_until

REPOSITORY = Path(__file__).parents[2]
ROOT = "/var/lib/edgebench"
ROW = struct.Struct("<4q")
CELL_DEADLINE_S = 600.0
MIB = 1 << 20
HOARD = """
import os, sys
hoard = []
while os.path.exists("/proc/" + sys.argv[1]):
    hoard.append(b"x" * (16 << 20))
"""


class Cell:
    """A cell that a fault is meant for."""

    def __init__(self, lab: VirtualLab, sweep_id: str, cell_id: str) -> None:
        self.lab = lab
        self.id = cell_id
        self.board, _, name = cell_id.partition("/")
        self._directory = f"{ROOT}/cells/{sweep_id}/{name}"

    def rows(self) -> int:
        """How many inferences are done."""
        disk = self.lab.directory / "boards" / self.board / "upper"
        try:
            content = (disk / self._directory.lstrip("/") / "inferences.bin").read_bytes()
        except FileNotFoundError:
            return 0
        return sum(row[3] != 0 for row in ROW.iter_unpack(content))

    def wait_for_rows(self, rows: int) -> None:
        """Wait until so many inferences are done."""
        wait_until(lambda: self.rows() >= rows, CELL_DEADLINE_S, f"{rows} inferences of {self.id}")

    def kill_worker(self, number: signal.Signals) -> None:
        """Send the worker a signal."""
        os.kill(self._worker(), number)

    def exhaust_memory(self) -> None:
        """Fill the board's memory from another process until the kernel has killed the worker."""
        inside = (Path("/proc") / str(self._worker()) / "status").read_text()
        pid = next(line for line in inside.splitlines() if line.startswith("NSpid:")).split()[-1]
        self.lab.ssh(self.board, f"python3 -c {shlex.quote(HOARD)} {pid}")

    def _worker(self) -> int:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_text().split("\0")
                groups = (process / "cgroup").read_text()
            except OSError:
                continue
            here = f"edgebench_lab_{self.lab.name}/{self.board}" in groups
            if here and "edgebench_runner.worker" in words and self._directory in words:
                return int(process.name)
        raise AssertionError(f"{self.id} has no worker")


def damage_model(lab: VirtualLab, board: str) -> None:
    """Flip bits in the middle of every model on a board, as a failing disk does."""
    flip = (
        "import glob, sys\n"
        "for path in glob.glob(sys.argv[1]):\n"
        "    with open(path, 'r+b') as file:\n"
        "        content = file.read()\n"
        "        file.seek(len(content) // 2)\n"
        "        file.write(bytes(byte ^ 0xFF for byte in content[len(content) // 2:][:64]))\n"
    )
    lab.output(board, f"python3 -c {shlex.quote(flip)} '{ROOT}/artifacts/*/model.*'")


GARBLER = """#!/bin/sh
left=$(cat /run/garbled 2>/dev/null || echo 0)
[ "$left" -gt 0 ] || exec /usr/bin/base64 "$@"
echo $((left - 1)) > /run/garbled
/usr/bin/base64 "$@" | tr A B
"""


def garble_transfers(lab: VirtualLab, board: str, times: int) -> None:
    """Damage what a board sends, so many times: what packs its files for the way is replaced there."""
    tool = "/usr/local/bin/base64"
    lab.output(
        board, f"echo {times} > /run/garbled && printf %s {shlex.quote(GARBLER)} > {tool} && chmod +x {tool}"
    )


class PluggedMeter:
    """A simulated meter on a port of its own, so that a test can pull it out and put it back."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self.plug()

    def plug(self) -> None:
        """Plug it in."""
        command = [sys.executable, "-m", "power_meter", "simulate", "tc66c", "--load", "host_cpu"]
        self._process = subprocess.Popen(
            [*command, "--link", str(self.port)], cwd=REPOSITORY, stdout=subprocess.DEVNULL
        )
        wait_until(self.port.is_char_device, 60, "the meter's port appears")

    def unplug(self) -> None:
        """Pull it out."""
        assert self._process
        self._process.kill()
        self._process.wait()
        self.port.unlink(missing_ok=True)

    def silence(self) -> None:
        """Keep it from answering."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def speak(self) -> None:
        """Let it answer again."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)


def fill(path: Path) -> None:
    """Write a file until its file system is full."""
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(MIB))

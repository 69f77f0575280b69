"""A lab of one board, this machine, in a folder of its own; and the playbooks that are run over it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
QUICK_ID = "first-quick"
COMMAND_LIMIT_S = 600.0
MOMENT_LIMIT_S = 600.0


class Lab:
    """One board, its meter, and what belongs to them, below one folder.

    Every process that is started for it carries ``EDGEBENCH_ROOT=<folder>/state``, by which leftovers are found.
    """

    def __init__(self, folder: Path, checkout: Path = CHECKOUT):
        self.folder = folder
        self.checkout = checkout
        self.board = f"e2e-{os.getpid()}"
        self.results = folder / "results"
        self.board_root = folder / "board"
        self.state = folder / "state"
        self.write_inventory()

    def write_inventory(self, **changes: Any) -> None:
        """Write the inventory, with other variables of the board where given."""
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "edgebench_python": "python3.11",
            "edgebench_root": str(self.board_root),
            "edgebench_can_reboot": False,
            "edgebench_meter": "desk",
            "edgebench_meters": {
                "desk": {
                    "driver": "tc66c",
                    "scope": "dc_input",
                    "simulate": {"load": "host_cpu", "idle_w": 2.0, "busy_w": 6.0},
                }
            },
            **changes,
        }
        inventory = {"boards": {"children": {"generic_linux": {"hosts": {self.board: host}}}}}
        path = self.folder / "inventory" / "hosts.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(inventory), encoding="utf-8")

    def command(self, playbook: str, *arguments: str, **variables: Any) -> list[str]:
        """The command line of a playbook over this lab."""
        extra = {"edgebench_results": str(self.results), **variables}
        return [
            str(Path(sys.executable).with_name("ansible-playbook")),
            f"--inventory={self.folder / 'inventory'}",
            f"playbooks/{playbook}.yml",
            *arguments,
            f"--extra-vars={json.dumps(extra)}",
        ]

    def run(
        self, playbook: str, *arguments: str, environment: dict[str, str] | None = None, **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end."""
        return subprocess.run(
            self.command(playbook, *arguments, **variables),
            cwd=self.checkout,
            env={**self._environment(), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )

    def runner(self, *arguments: str) -> None:
        """Run a command of the runner, as the board's user would."""
        command = [sys.executable, "-m", "edgebench_runner", *arguments]
        subprocess.run(command, env=self._environment(), capture_output=True, check=True)

    def start(self, playbook: str, **variables: Any) -> subprocess.Popen[str]:
        """Start a playbook and return; its output goes to a file in the folder."""
        with (self.folder / "output.txt").open("a") as output:
            return subprocess.Popen(
                self.command(playbook, **variables),
                cwd=self.checkout,
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def kill_at(self, moment: Callable[[], bool], playbook: str, **variables: Any) -> None:
        """Start a playbook and kill its main process, and only that, once the moment has come."""
        process = self.start(playbook, **variables)
        try:
            wait_for(moment, process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def processes(self) -> dict[int, str]:
        """Number and command line of each process that was started for this lab and still runs."""
        mark = f"EDGEBENCH_ROOT={self.state}".encode()
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (path / "environ").read_bytes().split(b"\0"):
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def end_processes(self) -> None:
        """End what a failed test left running."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "EDGEBENCH_ROOT": str(self.state),
            "PYTHONPATH": str(self.checkout),
            "ANSIBLE_NOCOLOR": "1",
        }


class Sweep:
    """What a sweep left behind."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.path / "manifest.json").read_text())
        return manifest

    @property
    def verdict(self) -> dict[str, Any]:
        verdict: dict[str, Any] = json.loads((self.path / "report" / "verdict.json").read_text())
        return verdict

    def cells(self) -> dict[str, Path]:
        """The directories of completed cells by cell id."""
        return {
            str(path.parent.relative_to(self.path / "cells")): path.parent
            for path in (self.path / "cells").glob("*/[!.]*/cell.json")
        }

    def records(self) -> dict[str, dict[str, Any]]:
        """The record of each completed cell."""
        return {name: json.loads((path / "cell.json").read_text()) for name, path in self.cells().items()}

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        """Time of change and content of every file of every completed cell."""
        return {
            str(file): (file.stat().st_mtime_ns, file.read_bytes())
            for path in self.cells().values()
            for file in path.iterdir()
        }


class Ran(NamedTuple):
    """A whole sweep, and what happened to a second one that was started meanwhile."""

    sweep: Sweep
    code: int
    output: str
    rival: subprocess.CompletedProcess[str]
    rivals_results: Path
    latest: Path
    processes_after: dict[int, str]


class Rehearsal(NamedTuple):
    """A playbook in check mode, and the files that it made."""

    done: subprocess.CompletedProcess[str]
    made: list[Path]


def wait_for(moment: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until the moment comes while the process runs."""
    give_up = time.monotonic() + MOMENT_LIMIT_S
    while not moment():
        assert process.poll() is None, "the playbook ended before the moment came"
        assert time.monotonic() < give_up, "the moment did not come"
        time.sleep(0.02)

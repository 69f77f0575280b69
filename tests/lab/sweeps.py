"""A controller of its own for a test: a checkout with its own locks, results and profiles, and sweeps run from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
OWN = {".edgebench", ".git", "profiles", "results"}
SLEEPER = """
schema: edgebench/profile/1
description: Cells that only sleep, to be disturbed.
models: [digits_cnn]
variants: [fp32]
backends:
  sleeper: {{runtime: "null", sleep_s: {sleep_s}}}
modes:
  warm: {{warmup: 0, inferences: {inferences}}}
repeats: {repeats}
isolation: {isolation}
cooldown: {{method: none}}
power: {{idle_before_s: 0, idle_after_s: 0}}
deadline_s: {deadline_s}
"""
END_TIMEOUT_S = 900.0


class Controller:
    """A checkout that shares the code and nothing else with the real one."""

    def __init__(self, folder: Path, inventory: Path) -> None:
        self.folder = folder
        self.inventory = inventory
        folder.mkdir()
        for path in REPOSITORY.iterdir():
            if path.name not in OWN:
                (folder / path.name).symlink_to(path)
        shutil.copytree(REPOSITORY / "profiles", folder / "profiles")
        zoo = folder / ".edgebench" / "zoo" / "index.json"
        zoo.parent.mkdir(parents=True)
        zoo.write_text(json.dumps({"schema": "edgebench/zoo_index/1", "artifacts": [], "datasets": []}))

    def write_sleeper(
        self,
        sleep_s: float,
        inferences: int,
        repeats: int,
        deadline_s: float = 120,
        isolation: str = "process",
    ) -> None:
        """Write the profile `sleeper`."""
        text = SLEEPER.format(
            sleep_s=sleep_s,
            inferences=inferences,
            repeats=repeats,
            deadline_s=deadline_s,
            isolation=isolation,
        )
        (self.folder / "profiles" / "sleeper.yml").write_text(text)

    def start(self, sweep_id: str, *arguments: str) -> Sweep:
        """Start a sweep of the profile `sleeper`, or take up one that was interrupted."""
        return Sweep(self, sweep_id, arguments)

    def outcomes(self, sweep_id: str) -> dict[str, list[str]]:
        """Outcomes of the cells that have a record, by board, in the order of the manifest."""
        results = self.folder / "results" / sweep_id
        found: dict[str, list[str]] = {}
        for cell in json.loads((results / "manifest.json").read_text())["cells"]:
            record = self.record(sweep_id, cell["cell_id"])
            found.setdefault(cell["board"], []).append(record["outcome"] if record else "no record")
        return found

    def record(self, sweep_id: str, cell_id: str) -> dict[str, Any] | None:
        """A cell's record, or None."""
        path = self.folder / "results" / sweep_id / "cells" / cell_id / "cell.json"
        return json.loads(path.read_text()) if path.exists() else None

    def completed(self, sweep_id: str) -> dict[str, str]:
        """The text of every record of a measured cell, by path: what must never change again."""
        cells = self.folder / "results" / sweep_id / "cells"
        paths = [path for path in cells.glob("*/*/cell.json") if not path.parent.name.startswith(".")]
        texts = {str(path): path.read_text() for path in paths}
        return {path: text for path, text in texts.items() if json.loads(text)["outcome"] == "ok"}


class Sweep:
    """A running `full_sweep.yml`."""

    def __init__(self, controller: Controller, sweep_id: str, arguments: tuple[str, ...]) -> None:
        self.started = datetime.now(UTC)
        self._log = controller.folder / f"{sweep_id}.log"
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/full_sweep.yml"]
        command += ["-i", str(controller.inventory), "-e", "profile=sleeper", "-e", f"sweep_id={sweep_id}"]
        with self._log.open("a") as output:
            self._start = output.tell()
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=controller.folder,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """What it printed so far."""
        with self._log.open() as stream:
            stream.seek(self._start)
            return stream.read()

    def wait_for(self, pattern: str, deadline_s: float = END_TIMEOUT_S) -> None:
        """Wait until it printed a line; fail when it ended without."""
        give_up = time.monotonic() + deadline_s
        while not re.search(pattern, self.text(), re.MULTILINE):
            assert self.process.poll() is None, f"the sweep ended without {pattern!r}:\n{self.text()}"
            assert time.monotonic() < give_up, f"not within {deadline_s} s: {pattern!r}\n{self.text()}"
            time.sleep(0.2)

    def end(self, deadline_s: float = END_TIMEOUT_S) -> str:
        """Wait for its end and return what it printed."""
        self.process.wait(deadline_s)
        return self.text()

    def kill(self) -> None:
        """Kill the controller: every one of its processes, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

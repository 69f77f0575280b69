"""The simulator that a recorder starts for a meter that the inventory declares simulated."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from power_meter.contract import MeterUnpluggedError
from power_meter.meters_file import MeterEntry

APPEARS_WITHIN_S = 20.0


class SimulatedChild:
    """Keeps a simulator running; it ends when we end, however we end, because its standard input closes."""

    def __init__(self, entry: MeterEntry, directory: Path) -> None:
        self._link = directory / "simulated.port"
        given = {key: value for key, value in (entry.simulate or {}).items() if value is not None}
        options = [
            word for key, value in given.items() for word in ("--" + key.replace("_", "-"), str(value))
        ]
        self._command = [
            sys.executable,
            "-m",
            "power_meter",
            "simulate",
            entry.driver,
            "--link",
            str(self._link),
        ]
        self._command += [*options, "--until-stdin-closes"]
        self._process = self._spawn()

    def port(self) -> str:
        """Return the path of the simulated port, starting the simulator again if it died.

        Raises:
            MeterUnpluggedError: it does not appear; the message carries what the simulator said.
        """
        if self._process.poll() is not None:
            self._process = self._spawn()
        deadline_s = time.monotonic() + APPEARS_WITHIN_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            if self._link.exists():
                return str(self._link)
            time.sleep(0.02)
        raise MeterUnpluggedError(f"the simulated meter did not appear at {self._link}")

    def close(self) -> None:
        """End the simulator and wait for it."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._link.unlink(missing_ok=True)
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

"""Two boards, a meter that can be pulled out, and a controller: where the faults of `test_faults.py` happen."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import yaml
from fault_injection import REPOSITORY, Cell, PluggedMeter
from labs import VirtualLab, board
from sweeps import Controller

MODEL = "digits_cnn.fp32"


class Scene:
    """The boards `faulty` and `steady`, and a controller for their sweeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        boards = [board("faulty", "raspberry_pi_3", memory_mb=1024), board("steady", "generic_linux")]
        self.lab = VirtualLab("mishaps", "10.213.80.0/24", folder, boards)
        self.lab.playbook("-e", "state=absent")  # of a session that was killed
        self.lab.playbook()
        self.meter = PluggedMeter(folder / "usb-meter")
        self._wire_meter()
        self.controller = Controller(folder / "controller", self.lab.inventory)
        self._share_caches()

    def close(self) -> None:
        """Remove everything."""
        self.meter.unplug()
        self.lab.playbook("-e", "state=absent")

    def cell(self, sweep_id: str, board: str, backend: str, repeat: int = 1) -> Cell:
        """A cell of a sweep."""
        return Cell(self.lab, sweep_id, f"{board}/{MODEL}.{backend}.warm.r{repeat}")

    def results(self, sweep_id: str) -> Path:
        """The directory of a sweep."""
        return self.controller.folder / "results" / sweep_id

    def completed(self, sweep_id: str) -> dict[str, tuple[int, str]]:
        """Time of change and hash of every file of a measured cell: what must never change again."""
        found = {}
        for record in self.results(sweep_id).glob("cells/*/[!.]*/cell.json"):
            if json.loads(record.read_text())["outcome"] == "ok":
                for path in record.parent.iterdir():
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                    found[str(path)] = (path.stat().st_mtime_ns, content)
        return found

    def _share_caches(self) -> None:
        """Wheels and models are fetched and trained once for the checkout, not for every test."""
        for name in ("wheelhouse", "zoo"):
            own, shared = (root / ".edgebench" / name for root in (self.controller.folder, REPOSITORY))
            shutil.rmtree(own, ignore_errors=True)
            shared.mkdir(parents=True, exist_ok=True)
            own.symlink_to(shared)

    def _wire_meter(self) -> None:
        entry = {"driver": "tc66c", "scope": "dc_input", "port": str(self.meter.port)}
        variables = self.lab.inventory / "host_vars" / "faulty.yml"
        variables.parent.mkdir()
        variables.write_text(yaml.safe_dump({"edgebench_meter": "usb", "edgebench_meters": {"usb": entry}}))

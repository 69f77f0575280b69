"""The profile `cuda` on this machine without Ansible: for a GPU host that no controller can reach.

Plan, models, specs, runner and results are those of a sweep; only the environments are not made here: the interpreter
that runs this has to have the zoo's packages and the runtimes, with CUDA. ``python -m analysis report`` reads what it
leaves, on any machine.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from controller import spec  # noqa: E402
from controller.files import read_json, write_json  # noqa: E402
from controller.preflight import preflight  # noqa: E402
from controller.records import controller_record, failure_record  # noqa: E402
from controller.results import Results  # noqa: E402

BOARD = "gpu_host"


def main() -> int:
    """Measure every cell that is outstanding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="cuda")
    parser.add_argument("--scale", type=float)
    parser.add_argument("--sweep-id")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "results")
    parser.add_argument("--store", type=Path, default=REPOSITORY / ".edgebench" / "zoo")
    chosen = parser.parse_args()
    root = str(chosen.store.resolve())  # the store serves as the board's folder
    host = {"edgebench_kind": "generic_linux", "edgebench_can_reboot": False, "edgebench_root": root}
    chosen.results.mkdir(parents=True, exist_ok=True)
    planned = preflight(
        REPOSITORY, chosen.profile, {BOARD: host}, "(none)", chosen.sweep_id, chosen.scale, chosen.results
    )
    if not planned.resumed:
        planned.results.begin(planned.manifest)
    zoo = build(chosen.store, planned.manifest)
    setup = this_machine(root, planned.manifest)
    cells = planned.results.outstanding()
    for number, cell in enumerate(cells, start=1):
        outcome = measure(cell, planned.manifest, zoo, setup, planned.results)
        print(f"{number:3}/{len(cells)}  {cell['cell_id']:70}  {outcome}", flush=True)
    print(planned.results.path)
    return 0


def build(store: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Build what the plan's cells need and return the zoo's index."""
    names = spec.artifact_names(manifest["cells"])
    command = [sys.executable, "-m", "model_zoo", "build", *names, "--store", str(store)]
    subprocess.run(command, cwd=REPOSITORY, check=False)  # what failed becomes cells that say so
    index: dict[str, Any] = read_json(store / "index.json")
    return index


def this_machine(root: str, manifest: dict[str, Any]) -> spec.BoardSetup:
    """The set-up of this machine, with this interpreter as each environment."""
    environment = {"name": "this interpreter", "python": sys.executable, "lock_sha256": None}
    return spec.BoardSetup(
        root=root,
        python=sys.executable,
        can_reboot=False,
        simulated=False,
        metered=False,
        meter_simulated=False,
        environments={cell["runtime"]: environment for cell in manifest["cells"]},
        gate={},
    )


def measure(
    cell: dict[str, Any],
    manifest: dict[str, Any],
    zoo: dict[str, Any],
    setup: spec.BoardSetup,
    results: Results,
) -> str:
    """Measure one cell into its directory and return its outcome."""
    cell_id = cell["cell_id"]
    try:
        wanted = spec.build(cell, manifest, zoo, setup)
    except spec.NoArtifactError as error:
        record = failure_record({**cell, "sweep_id": manifest["sweep_id"]}, "unsupported", str(error))
        results.commit_without_board(record, controller_record(cell_id, []))
        return "unsupported"
    with tempfile.TemporaryDirectory() as folder:
        write_json(Path(folder) / "spec.json", wanted)
        out = Path(folder) / "cell"
        command = [sys.executable, "-m", "edgebench_runner", "run", f"{folder}/spec.json", "--out", str(out)]
        subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=True)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(out, arcname=".")
    return str(results.commit(cell_id, packed.getvalue(), controller_record(cell_id, []))["outcome"])


if __name__ == "__main__":
    sys.exit(main())

"""A board has the artifacts and data sets of its cells, and in time nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from controller import spec
from tests.unit.controller.controller_factory import ARTIFACT_DIRECTORY, ROOT, a_manifest, a_zoo

DAY_S = 86400


def deploy(zoo: Path, board: Path, *arguments: str) -> str:
    plan = {"artifacts": spec.wanted_artifacts(a_manifest()["cells"]), "profile": {}}
    variables = {"model_artifacts_zoo": str(zoo), "model_artifacts_root": str(board)}
    variables["ansible_python_interpreter"] = sys.executable
    command = [str(Path(sys.executable).with_name("ansible")), "pi", "-i", "pi,", "-c", "local"]
    command += ["-m", "include_role", "-a", "name=model_artifacts", *arguments]
    command += ["-e", json.dumps({**variables, "model_artifacts_plan": plan})]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_cells_need_is_copied_and_what_none_has_needed_for_a_month_goes(tmp_path: Path) -> None:
    zoo, board = tmp_path / "zoo", tmp_path / "board"
    wanted = {
        f"artifacts/{ARTIFACT_DIRECTORY}": ["model.onnx", "check.npz"],
        f"datasets/{'d' * 64}": ["data.npz"],
    }
    for directory, names in wanted.items():
        (zoo / directory).mkdir(parents=True)
        for name in [*names, "artifact.json"]:
            (zoo / directory / name).write_text(f"{name} of the zoo")
    (zoo / "index.json").write_text(json.dumps(a_zoo()))
    ages_days = {"artifacts/old": 31, "artifacts/last_week": 7, "datasets/old": 400}
    for directory, days in ages_days.items():
        (board / directory).mkdir(parents=True)
        os.utime(board / directory, (time.time() - days * DAY_S,) * 2)

    assert "CHANGED" in deploy(zoo, board, "--check")
    assert {str(path.relative_to(board)) for path in board.glob("*/*")} == set(ages_days)
    assert "CHANGED" in deploy(zoo, board)
    assert {str(path.relative_to(board)) for path in board.glob("*/*")} == {*wanted, "artifacts/last_week"}
    for directory, names in wanted.items():
        assert {path.name for path in (board / directory).iterdir()} == set(names)
        os.utime(board / directory, (0, 0))
    assert "CHANGED" not in deploy(zoo, board), "a second time changes nothing, and what is used stays"
    assert (board / f"artifacts/{ARTIFACT_DIRECTORY}/model.onnx").read_text() == "model.onnx of the zoo"

"""Files put on a board without a Python for each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def put(files: list[Path], directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible")), "board", "-i", "board,", "-c", "local"]
    given = json.dumps({"files": {path.name: str(path) for path in files}, "directory": str(directory)})
    return subprocess.run(
        [*command, "-m", "edgebench_put_files", "-a", given, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_files_arrive_as_they_are_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    files = [tmp_path / "one wheel.whl", tmp_path / "-two.whl"]
    for path in files:
        path.write_bytes(path.name.encode())
    directory = tmp_path / "on the board" / "below"
    dry = put(files, directory, "--check")
    assert (dry.returncode, directory.exists()) == (0, False)
    assert "CHANGED" in dry.stdout
    assert "CHANGED" in put(files, directory).stdout
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == {
        path.name: path.name.encode() for path in files
    }
    assert "SUCCESS" in put(files, directory).stdout, "a second time changes nothing"
    (directory / "one wheel.whl").write_bytes(b"damaged")
    assert "CHANGED" in put(files, directory).stdout
    assert (directory / "one wheel.whl").read_bytes() == b"one wheel.whl"
    lacking = put([tmp_path / "three.whl"], directory)
    assert lacking.returncode != 0
    assert f"{tmp_path}/three.whl: No such file or directory" in lacking.stdout
    blocked = put(files, directory / "one wheel.whl")
    assert blocked.returncode != 0
    assert "one wheel.whl" in blocked.stdout

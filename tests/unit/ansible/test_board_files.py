"""What the roles run on a board: how it describes itself, and when an environment counts as complete."""

from __future__ import annotations

import importlib.util
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROLES = Path(__file__).resolve().parents[3] / "roles"
SEALER = ROLES / "backend_environment" / "files" / "environment.py"
LOCK_SHA256 = "0" * 64


@pytest.fixture(scope="module")
def describe_board() -> ModuleType:
    path = ROLES / "board_facts" / "files" / "describe_board.py"
    spec = importlib.util.spec_from_file_location("describe_board", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_ID="12"\n', ("debian", "12")),
        ("ID=raspbian\nVERSION_ID=11\n", ("debian", "11")),
        ("NAME='Ubuntu'\nID=ubuntu\nVERSION_ID='18.04'\n", ("ubuntu", "18.04")),
        (None, (None, None)),
    ],
)
def test_the_operating_system_is_read(
    describe_board: ModuleType, text: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert describe_board.operating_system(text) == expected


@pytest.mark.parametrize(
    ("machine", "bits", "expected"),
    [
        ("aarch64", 64, "aarch64"),
        ("aarch64", 32, "armv7l"),
        ("x86_64", 64, "x86_64"),
        ("armv7l", 32, "armv7l"),
    ],
)
def test_the_userland_decides_which_wheels_fit(
    describe_board: ModuleType, machine: str, bits: int, expected: str
) -> None:
    assert describe_board.userland_machine(machine, bits) == expected


def test_this_machine_describes_itself(describe_board: ModuleType) -> None:
    description = describe_board.describe()
    assert description["python"] == platform.python_version()
    assert description["python_tag"] == f"cp{sys.version_info.major}{sys.version_info.minor}"


def runner(directory: Path, backends: list[dict[str, Any]]) -> Path:
    """Write a runner that knows the given backends, and answers when it is asked for one of them."""
    path = directory / "runner.py"
    lines = [
        "import json, sys",
        f"found = [one for one in json.loads({json.dumps(backends)!r}) if one['name'] == sys.argv[2]]",
        "print(json.dumps(found)) if found else sys.exit('unknown backend ' + sys.argv[2])",
    ]
    path.write_text("\n".join(lines))
    return path


def environment(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tool = Path(shutil.copy(SEALER, directory))
    return subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True, check=False)


def seal(directory: Path, backends: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    path = runner(directory, backends)
    return environment(directory, "seal", "--backend=a", f"--lock-sha256={LOCK_SHA256}", f"--runner={path}")


def test_a_usable_backend_is_sealed_and_shown(tmp_path: Path) -> None:
    folder = tmp_path / "lib/python3.9/site-packages/package/below"
    folder.mkdir(parents=True)
    (folder / "sound.py").write_text("pass\n")
    (folder / "of_another_python.py").write_text("print 1\n")
    assert seal(tmp_path, [{"name": "a", "available": True, "reason": None}]).returncode == 0
    assert [path.name.split(".")[0] for path in folder.glob("__pycache__/*")] == ["sound"]
    shown = json.loads(environment(tmp_path, "show").stdout)
    assert (shown["backend"], shown["lock_sha256"]) == ("a", LOCK_SHA256)
    assert shown["packages"]["pytest"] == pytest.__version__


@pytest.mark.parametrize(
    ("backends", "reason"),
    [
        ([{"name": "a", "available": False, "reason": "killed by SIGILL"}], "killed by SIGILL"),
        ([{"name": "b", "available": True, "reason": None}], "unknown backend a"),
    ],
)
def test_an_unusable_backend_is_not_sealed(
    tmp_path: Path, backends: list[dict[str, Any]], reason: str
) -> None:
    result = seal(tmp_path, backends)
    assert result.returncode != 0
    assert reason in result.stderr
    assert not (tmp_path / "environment.json").exists()


def test_an_environment_of_another_python_is_not_complete(tmp_path: Path) -> None:
    seal(tmp_path, [{"name": "a", "available": True, "reason": None}])
    flag = tmp_path / "environment.json"
    flag.write_text(json.dumps({**json.loads(flag.read_text()), "python": "3.11.99"}))
    result = environment(tmp_path, "show")
    assert result.returncode != 0
    assert "made with Python 3.11.99" in result.stderr

"""What a vendor's packages and archives become in an environment, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / "roles" / "backend_environment" / "files" / "vendor.py"


def vendor(environment: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment.mkdir(exist_ok=True)
    tool = shutil.copy(TOOL, environment)
    command = [sys.executable, tool, "--pip=unused", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            packed.addfile(member, io.BytesIO(text.encode()))
    return path


def told(environment: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads((environment / "vendor.json").read_text())
    return content


def test_a_package_is_unpacked_and_its_library_found(tmp_path: Path) -> None:
    library = tmp_path / "package/usr/lib/aarch64-linux-gnu/libedgetpu.so.1"
    library.parent.mkdir(parents=True)
    library.write_text("library")
    control = tmp_path / "package/DEBIAN/control"
    control.parent.mkdir()
    control.write_text(
        "Package: libedgetpu1-std\nVersion: 16.0\nArchitecture: arm64\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    package = tmp_path / "libedgetpu1-std_16.0_arm64.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "package", package], check=True, capture_output=True)
    environment = tmp_path / "environment"
    done = vendor(environment, package)
    assert done.returncode == 0, done.stderr
    directory = environment / "vendor/usr/lib/aarch64-linux-gnu"
    assert (directory / "libedgetpu.so.1").read_text() == "library"
    assert told(environment) == {
        "files": {package.name: hashlib.sha256(package.read_bytes()).hexdigest()},
        "variables": {"LD_LIBRARY_PATH": str(directory)},
    }


def test_an_archives_own_script_says_how_it_is_found(tmp_path: Path) -> None:
    script = (
        'here="$( cd "$( dirname "${BASH_SOURCE[0]}" )" && pwd )"\necho "[setupvars.sh] initialized"\n'
        'export PYTHONPATH="$here/python/python3.9:$PYTHONPATH"\n'
        'export LD_LIBRARY_PATH="$here/runtime/lib:$LD_LIBRARY_PATH"\n'
    )
    packed = archive(tmp_path / "l_openvino_2022.3.2.tgz", {"l_openvino/setupvars.sh": script})
    environment = tmp_path / "environment"
    done = vendor(environment, "--setup=setupvars.sh", packed)
    assert done.returncode == 0, done.stderr
    top = environment / "vendor/l_openvino"
    expected = {"PYTHONPATH": f"{top}/python/python3.9", "LD_LIBRARY_PATH": f"{top}/runtime/lib"}
    assert told(environment)["variables"] == expected


@pytest.mark.parametrize(
    ("name", "files", "options", "message"),
    [
        ("a.tgz", {"../outside": "x"}, [], "would land outside"),
        ("a.tgz", {"/etc/passwd": "x"}, [], "would land outside"),
        ("a.tgz", {"file": "x"}, ["--setup=setupvars.sh"], "found 0 files setupvars.sh"),
        (
            "a.tgz",
            {"setupvars.sh": "exit 3\n"},
            ["--setup=setupvars.sh"],
            "setupvars.sh ended with exit code 3",
        ),
        ("a.zip", {"file": "x"}, [], "valid are .whl, .deb"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, name: str, files: dict[str, str], options: list[str], message: str
) -> None:
    done = vendor(tmp_path / "environment", *options, archive(tmp_path / name, files))
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "environment" / "vendor.json").exists()
    assert not (tmp_path / "outside").exists()

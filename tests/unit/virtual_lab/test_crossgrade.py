"""dpkg's record of a foreign package, and what must not be left of this machine's."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from virtual_lab import crossgrade
from virtual_lab.errors import LabError

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is Debian's")
SETTING = "colour = red\n"


def package(directory: Path, name: str, multiarch: str, script: str | None = None) -> Path:
    """Build an arm64 package with a program and a configuration file."""
    source = directory / name
    (source / "DEBIAN").mkdir(parents=True)
    (source / "etc").mkdir()
    (source / "usr/bin").mkdir(parents=True)
    (source / f"usr/bin/{name}").write_text("program\n")
    (source / f"etc/{name}.conf").write_text(SETTING)
    control = f"Package: {name}\nVersion: 1.2\nArchitecture: arm64\nMulti-Arch: {multiarch}\n"
    (source / "DEBIAN/control").write_text(control + "Maintainer: A <a@b.example>\nDescription: it\n")
    (source / "DEBIAN/conffiles").write_text(f"/etc/{name}.conf\n")
    if script:
        (source / "DEBIAN/postinst").write_text(script)
        (source / "DEBIAN/postinst").chmod(0o755)
    built = directory / f"{name}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", source, built], check=True, capture_output=True
    )
    return built


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """What mmdebstrap leaves: the packages, and their files."""
    root = tmp_path / "other"
    archives = root / "var/cache/apt/archives"
    archives.mkdir(parents=True)
    for name, multiarch in (("tool", "foreign"), ("library", "same")):
        built = package(tmp_path / "sources", name, multiarch, "#!/bin/sh\n" if name == "tool" else None)
        shutil.copy(built, archives)
        subprocess.run(["dpkg-deb", "--extract", built, root], check=True)
    return root


@pytest.fixture
def database(tmp_path: Path, other: Path) -> Path:
    """The record of both packages in a root file system that had this machine's."""
    dpkg = tmp_path / "root/var/lib/dpkg"
    (dpkg / "info").mkdir(parents=True)
    (dpkg / "info/tool.list").write_text("/usr/bin/tool\n")
    (dpkg / "updates").mkdir()
    crossgrade._record(dpkg, other, ["library", "tool"])
    return dpkg


def query(database: Path, *arguments: str) -> str:
    command = ["dpkg-query", f"--admindir={database}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_dpkg_knows_the_packages_as_installed(database: Path) -> None:
    shown = query(database, "--show", "--showformat=${Package} ${Architecture} ${Version} ${Status}\n")
    assert shown.splitlines() == [
        "library arm64 1.2 install ok installed",
        "tool arm64 1.2 install ok installed",
    ]


def test_dpkg_knows_each_file_and_each_script(database: Path) -> None:
    assert "/usr/bin/library" in query(database, "--listfiles", "library:arm64").splitlines()
    assert query(database, "--search", "/usr/bin/tool") == "tool:arm64: /usr/bin/tool\n"
    assert query(database, "--control-list", "tool:arm64").split() == ["postinst"]


def test_dpkg_knows_a_configuration_file_by_its_hash(database: Path) -> None:
    shown = query(database, "--show", "--showformat=${Conffiles}", "tool:arm64").split()
    assert shown == ["/etc/tool.conf", hashlib.md5(SETTING.encode()).hexdigest()]


def test_a_package_that_the_architecture_lacks_is_named(tmp_path: Path, database: Path, other: Path) -> None:
    with pytest.raises(LabError, match="no package was delivered for amd64-microcode"):
        crossgrade._record(database, other, ["amd64-microcode", "tool"])


def test_a_program_of_this_machine_is_found(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    for name, machine in (("ours", 183), ("theirs", 62)):
        (tmp_path / name).write_bytes(b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44))
    assert list(crossgrade._programs_of_others(tmp_path, 183)) == [tmp_path / "theirs"]


def test_what_a_package_owned_goes_and_what_was_configured_stays(tmp_path: Path) -> None:
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "tool.list").write_text("/.\n/usr\n/usr/tool\n/etc\n/etc/tool.conf\n/bin\n")
    (tmp_path / "usr").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "bin").symlink_to("usr")
    for name in ("usr/tool", "usr/made-when-configured", "etc/tool.conf"):
        (tmp_path / name).write_text("")
    crossgrade._remove_owned_files(tmp_path)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} - {"var", "usr", "etc"}
    assert {name for name in left if not name.startswith("var/")} == {
        "bin",
        "usr/made-when-configured",
        "etc/tool.conf",
    }

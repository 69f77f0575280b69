"""A root file system of another architecture, made without running one of its programs.

Debian configures its packages with programs of the system that is being made, and under emulation that takes many
minutes. What configuration leaves behind (users, units, alternatives, /etc and /var) does not depend on the processor.
So a root file system of this machine's architecture is made and configured, and then every package's files, and dpkg's
record of them, are replaced by those of the other architecture's package of the same name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from virtual_lab.command import MMDEBSTRAP, run
from virtual_lab.errors import LabError

DPKG = "var/lib/dpkg"
NOT_OF_PACKAGES = ("boot", "dev", "etc/apt", "proc", "run", "sys", "tmp", "var/cache", "var/lib/apt", DPKG)
ELF_MAGIC = b"\x7fELF"
ELF_MACHINE = slice(18, 20)  # e_machine, in the header of an ELF file
ELF_MACHINES = {"arm64": 183}
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


def crossgrade(
    root: Path, release: str, architecture: str, options: Sequence[str], mirror: str | None
) -> None:
    """Turn a configured root file system of this machine's architecture into one of another.

    Args:
        root: the root file system, which is changed.
        release: Debian release that it was made of.
        architecture: Debian's name of the one it becomes.
        options: further options of mmdebstrap, those that `root` was made with.
        mirror: a mirror, or None for mmdebstrap's own choice.

    Raises:
        LabError: a package has no build for the architecture, or a program of this machine's is left.
    """
    native = run(["dpkg", "--print-architecture"]).strip()
    query = ["dpkg-query", f"--admindir={root / DPKG}", "--show", "--showformat=${Package}\n"]
    names = sorted(set(run(query).split()))
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        other = Path(scratch) / "other"
        command = [*MMDEBSTRAP, "--variant=extract", "--skip=cleanup", *options]
        command += [f"--architectures={architecture}", f"--include={','.join(names)}"]
        run([*command, release, str(other), *([mirror] if mirror else [])])
        _remove_owned_files(root)
        _copy(other, root, "etc", ["--skip-old-files"])  # what was configured stays
        _copy(other, root, ".", [f"--exclude=./{name}" for name in ("etc", *NOT_OF_PACKAGES)])
        _record(root / DPKG, other, names)
    _rename(root, native, architecture)
    left = list(_programs_of_others(root, ELF_MACHINES[architecture]))
    if left:
        raise LabError(f"{root}: {len(left)} files are not for {architecture}, the first {left[0]}")
    for flag in (
        "etc/.updated",
        "var/.updated",
    ):  # systemd: nothing has to be brought up to date at the first boot
        (root / flag).touch()


def _remove_owned_files(root: Path) -> None:
    for listing in (root / DPKG / "info").glob("*.list"):
        for line in listing.read_text().splitlines():
            path = root / line.lstrip("/")
            at_top = path.parent == root  # /bin and its like lead to the others
            configured = line.startswith("/etc/")
            if not at_top and not configured and (path.is_symlink() or path.is_file()):
                path.unlink()


def _copy(source: Path, target: Path, what: str, options: Sequence[str]) -> None:
    reader = subprocess.Popen(
        ["tar", "-C", str(source), *[one for one in options if one.startswith("--exclude")], "-c", what],
        stdout=subprocess.PIPE,
    )
    writing = [one for one in options if not one.startswith("--exclude")]
    command = ["tar", "-C", str(target), "--keep-directory-symlink", *writing, "-x"]
    done = subprocess.run(command, stdin=reader.stdout, capture_output=True, text=True, check=False)
    assert reader.stdout is not None
    reader.stdout.close()  # else the first would wait for ever for a second that has failed
    if reader.wait() or done.returncode:
        raise LabError(f"copying {what} of {source}: {done.stderr.strip() or 'tar failed'}")


def _record(dpkg: Path, other: Path, names: Sequence[str]) -> None:
    """Write dpkg's database as if it had installed the packages that were extracted to `other`."""
    shutil.rmtree(dpkg / "info")
    (dpkg / "info").mkdir()
    (dpkg / "info/format").write_text("1\n")
    stanzas, recorded = [], set()
    for package in sorted((other / "var/cache/apt/archives").glob("*.deb")):
        fields = run(["dpkg-deb", "--field", str(package)])
        name, architecture, multiarch = (
            _field(fields, key) for key in ("Package", "Architecture", "Multi-Arch")
        )
        if name in names:
            prefix = f"{name}:{architecture}" if multiarch == "same" else name
            stanzas.append(_stanza(fields, _write_info(dpkg / "info", prefix, package, other)))
            recorded.add(name)
    missing = sorted(set(names) - recorded)
    if missing:
        raise LabError(f"no package was delivered for {', '.join(missing)}")
    (dpkg / "status").write_text("\n".join(stanzas))
    (dpkg / "status-old").unlink(missing_ok=True)
    (dpkg / "available").unlink(missing_ok=True)


def _field(fields: str, key: str) -> str:
    values = [line.partition(": ")[2] for line in fields.splitlines() if line.startswith(f"{key}: ")]
    return values[0] if values else ""


def _write_info(info: Path, prefix: str, package: Path, other: Path) -> list[str]:
    """Write a package's files of `info`; return its lines of `Conffiles`."""
    with tempfile.TemporaryDirectory() as scratch:
        control = Path(scratch) / "control"
        run(["dpkg-deb", "--control", str(package), str(control)])
        for path in control.iterdir():
            if path.name != "control":
                shutil.copy(path, info / f"{prefix}.{path.name}")
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "-t"], input=tar, capture_output=True, check=True).stdout.decode()
    paths = [line.removeprefix(".").rstrip("/") or "/." for line in listed.splitlines()]
    (info / f"{prefix}.list").write_text("\n".join(paths) + "\n")
    conffiles = info / f"{prefix}.conffiles"
    configured = conffiles.read_text().split() if conffiles.exists() else []
    found = [path for path in configured if (other / path.lstrip("/")).is_file()]
    return [f" {path} {hashlib.md5((other / path.lstrip('/')).read_bytes()).hexdigest()}" for path in found]


def _stanza(fields: str, conffiles: Sequence[str]) -> str:
    first, _, rest = fields.strip().partition("\n")
    lines = [first, "Status: install ok installed", rest]
    if conffiles:
        lines += ["Conffiles:", *conffiles]
    return "\n".join(lines) + "\n"


def _rename(root: Path, native: str, architecture: str) -> None:
    """Remove what only this machine's architecture has, and its name where dpkg and apt wrote it down."""
    for name in (f"usr/lib/{TRIPLETS[native]}", "usr/lib64"):
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("lib64", f"{DPKG}/arch", "etc/ld.so.cache", f"etc/ld.so.conf.d/{TRIPLETS[native]}.conf"):
        (root / name).unlink(missing_ok=True)
    for path in [*(root / DPKG / "triggers").glob("*"), root / "var/lib/apt/extended_states"]:
        if path.is_file():
            text = path.read_text().replace(TRIPLETS[native], TRIPLETS[architecture])
            path.write_text(
                text.replace(f":{native}", f":{architecture}").replace(f": {native}", f": {architecture}")
            )


def _programs_of_others(root: Path, machine: int) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as stream:
                    head = stream.read(ELF_MACHINE.stop)
                if head.startswith(ELF_MAGIC) and int.from_bytes(head[ELF_MACHINE], "little") != machine:
                    yield path

"""Packages of a board's own distribution, for a board without the internet: fetched here, installed there by dpkg."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from pathlib import Path

from labs import IMAGES, VirtualLab

from virtual_lab import image
from virtual_lab.machines.emulated import ARCHITECTURE

INSTALL_S = 1800.0


def install(lab: VirtualLab, board: str, release: str, packages: tuple[str, ...]) -> None:
    """Install packages on an emulated board, with what they need and its image lacks."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = _fetch(image.path(IMAGES, release, ARCHITECTURE), Path(folder), packages)
        packed = subprocess.run(["tar", "-C", fetched, "-c", "."], capture_output=True, check=True).stdout
    command = "rm -rf debs && mkdir debs && base64 -d | tar -C debs -x && dpkg --install debs/*.deb >&2"
    done = lab.ssh_with_input(board, command, base64.b64encode(packed).decode(), INSTALL_S)
    assert done.returncode == 0, done.stderr


def _fetch(root: Path, folder: Path, packages: tuple[str, ...]) -> Path:
    """Let this machine's apt think that it is the image's."""
    lists, archives = folder / "lists", folder / "archives"
    for directory in (lists, archives):
        (directory / "partial").mkdir(parents=True)
    options = {
        "APT::Architecture": ARCHITECTURE,
        "APT::Architectures": ARCHITECTURE,
        "APT::Install-Recommends": "false",
        "Dir::Cache::archives": archives,
        "Dir::Etc": root / "etc/apt",
        "Dir::State::lists": lists,
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Debug::NoLocking": "true",
    }
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    for command in (["update"], ["install", "--yes", "--download-only", *packages]):
        subprocess.run(["apt-get", "--quiet", *given, *command], check=True, capture_output=True)
    return archives

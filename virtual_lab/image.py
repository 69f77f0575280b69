"""Root file systems, made once for each Debian release and architecture with mmdebstrap, shared read-only."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shlex
import shutil
from pathlib import Path

from virtual_lab.command import run
from virtual_lab.errors import LabError

PACKAGES = (
    "dbus",
    "iproute2",
    "libgomp1",
    "libstdc++6",
    "openssh-server",
    "procps",
    "python3",
    "systemd",
    "systemd-sysv",
)
CONTAINER_PACKAGES = ("python3-venv",)
# No python3-venv: it brings ca-certificates, whose configuration hangs under Debian 12's qemu-user. What it is for
# (ensurepip) no environment of a board uses; in bullseye pip also needs the distutils that come with it.
EMULATED_PACKAGES = ("initramfs-tools", "kmod", "linux-image-arm64")
EMULATED_PACKAGES_OF = {"bullseye": ("python3-distutils",)}
# Of the hundreds of drivers that an initial RAM disk would hold, an emulated board needs those of its own disk; and
# under emulation each one costs a second.
RAM_DISK_FILES = {
    "etc/initramfs-tools/conf.d/virtual_lab": "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n",
    "usr/share/initramfs-tools/modules.d/virtual_lab": "virtio_pci\nvirtio_mmio\nvirtio_blk\next4\n",
}
# A board has neither a console user nor the internet, and background work would disturb what runs on it.
MASKED_UNITS = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "systemd-networkd-wait-online.service",
    "systemd-resolved.service",
)


def path(images: Path, release: str, architecture: str | None = None) -> Path:
    """Where an image is kept; a changed recipe has another name.

    Args:
        images: the directory of images.
        release: Debian release.
        architecture: None for this machine's own, for containers; `arm64` for emulated boards, with a kernel.
    """
    recipe = json.dumps([_packages(release, architecture), _files(architecture), MASKED_UNITS]).encode()
    name = f"{release}-{architecture}" if architecture else release
    return images / f"{name}-{hashlib.sha256(recipe).hexdigest()[:12]}"


def ensure(images: Path, release: str, architecture: str | None, mirror: str | None) -> bool:
    """Make an image; return whether it had to be made.

    Raises:
        LabError: mmdebstrap failed; a half-made image is removed.
    """
    final = path(images, release, architecture)
    images.mkdir(parents=True, exist_ok=True)
    with final.with_suffix(".lock").open("w") as lock:  # labs share images: the second waits for the first
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.exists():
            return False
        _make(final, release, architecture, mirror)
    return True


def _make(final: Path, release: str, architecture: str | None, mirror: str | None) -> None:
    draft = final.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = ["mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=minbase"]
    if architecture:
        command.append(f"--architectures={architecture}")
    command += [_writing_hook(name, text) for name, text in _files(architecture).items()]
    command += [f"--include={','.join(_packages(release, architecture))}", release, str(draft)]
    if mirror:
        command.append(mirror)
    try:
        run(command)
        _generalise(draft)
    except LabError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(final)


def _writing_hook(name: str, text: str) -> str:
    """An option of mmdebstrap that writes a file before the packages that read it are installed."""
    parent, content = shlex.quote(str(Path(name).parent)), shlex.quote(text)
    return f'--essential-hook=mkdir -p "$1"/{parent} && printf %s {content} > "$1"/{shlex.quote(name)}'


def _files(architecture: str | None) -> dict[str, str]:
    return RAM_DISK_FILES if architecture else {}


def _packages(release: str, architecture: str | None) -> list[str]:
    if architecture is None:
        return sorted(PACKAGES + CONTAINER_PACKAGES)  # sorted: an image is named by its recipe
    return sorted(PACKAGES + EMULATED_PACKAGES + EMULATED_PACKAGES_OF.get(release, ()))


def _generalise(root: Path) -> None:
    """Take out what must differ between boards, and what would run behind a measurement's back."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    for unit in MASKED_UNITS:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")

"""Root file systems, made once for each Debian or Ubuntu release and architecture with mmdebstrap, shared read-only."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from pathlib import Path

from virtual_lab import crossgrade, kernel
from virtual_lab.command import MMDEBSTRAP, run

PACKAGES = (
    "dbus",
    "iproute2",
    "libgomp1",
    "libstdc++6",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
CONTAINER_PACKAGES = ("python3-venv",)
ACCOUNT = "edgebench"
"""The account that an inventory logs in with, with sudo and no password, as docs/adding-a-board.md wants it."""
ACCOUNT_ID = 1000
SUDOERS = f"{ACCOUNT} ALL=(ALL) NOPASSWD: ALL\n"
# Ubuntu 18.04, as JetPack 4 is: its own Python 3.6 and no more of it than JetPack has. A board has no way to a package
# archive, so what its provisioning will ask apt for, Ubuntu's newer Python, waits in the image in apt's cache.
UBUNTU_PACKAGES = {"bionic": ("apt",)}
UBUNTU_WAITING = {"bionic": ("python3.8", "python3-distutils")}
# Debian has no package of Ubuntu's keys in its main archive. Fingerprints: 790BC7277767219C42C86F933B4FE6ACC0B21F32
# (2012) and F6ECB3762474EDA9D21B7022871920D1991BC93C (2018).
UBUNTU_KEYS = Path(__file__).parent / "keys" / "ubuntu-archive.asc"
EMULATED_PACKAGES = (*CONTAINER_PACKAGES, "kmod", "udev")
# Out of support: Debian's security archive still lists bullseye's packages for arm64, and has their files no more.
WITHOUT_SECURITY = {"bullseye": ('--setup-hook=sed -i /-security/d "$1/etc/apt/sources.list"',)}
# Databases of hardware that an emulated board has not, and what nobody reads there.
EXCLUDED = ("/lib/udev/hwdb.d/*", "/usr/lib/udev/hwdb.d/*", "/usr/share/doc/*", "/usr/share/man/*")
MERGED_USR = "--hook-directory=/usr/share/mmdebstrap/hooks/merged-usr"
# mmdebstrap's own hook wants the package usr-is-merged, which came with bookworm.
MERGED_USR_BEFORE = {
    "bullseye": '--setup-hook=cd "$1"; for name in bin sbin lib lib64; do mkdir -p usr/$name; ln -s usr/$name .; done'
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
        release: Debian or Ubuntu release.
        architecture: None for this machine's own, for containers; `arm64` for emulated boards, with a kernel.
    """
    parts = [_packages(release, architecture), _foreign_recipe(release, architecture), MASKED_UNITS, SUDOERS]
    recipe = json.dumps([*parts, *UBUNTU_WAITING.get(release, ())]).encode()
    name = f"{release}-{architecture}" if architecture else release
    return images / f"{name}-{hashlib.sha256(recipe).hexdigest()[:12]}"


def ensure(images: Path, release: str, architecture: str | None, mirror: str | None) -> bool:
    """Make an image; return whether it had to be made.

    Raises:
        LabError: mmdebstrap failed.
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
    shutil.rmtree(draft, ignore_errors=True)  # of one that was killed
    options = _emulated_options(release) if architecture else _ubuntu_options(release)
    command = [*MMDEBSTRAP, "--variant=minbase", *options]
    command += [f"--include={','.join(_packages(release, architecture))}", release, str(draft)]
    if mirror:
        command.append(mirror)
    try:
        run(command)
        if architecture:
            crossgrade.crossgrade(draft, release, architecture, options, mirror)
            kernel.install(draft, release, architecture, WITHOUT_SECURITY.get(release, ()), mirror)
        _generalise(draft)
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _foreign_recipe(release: str, architecture: str | None) -> dict[str, object]:
    return {"options": _emulated_options(release), "kernel": kernel.RECIPE} if architecture else {}


def _emulated_options(release: str) -> tuple[str, ...]:
    excluded = (f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED)
    return (*WITHOUT_SECURITY.get(release, ()), MERGED_USR_BEFORE.get(release, MERGED_USR), *excluded)


def _ubuntu_options(release: str) -> tuple[str, ...]:
    if release not in UBUNTU_WAITING:
        return ()
    install = "apt-get install --yes --no-install-recommends --download-only"
    waiting = f'--customize-hook=chroot "$1" {install} {" ".join(UBUNTU_WAITING[release])}'
    return ("--components=main,universe", f"--keyring={UBUNTU_KEYS}", "--skip=cleanup/apt", waiting)


def _packages(release: str, architecture: str | None) -> list[str]:
    if release in UBUNTU_PACKAGES:
        return sorted(PACKAGES + UBUNTU_PACKAGES[release])
    return sorted(
        PACKAGES + (EMULATED_PACKAGES if architecture else CONTAINER_PACKAGES)
    )  # the recipe's order


def _generalise(root: Path) -> None:
    """Take out what must differ between boards, and what would run behind a measurement's back; add the account."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    for unit in MASKED_UNITS:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    identity = ["--uid", str(ACCOUNT_ID), "--user-group", "--create-home", "--shell", "/bin/bash"]
    # A key opens it, no password does.
    run(["useradd", "--prefix", str(root), *identity, "--password", "*", ACCOUNT])
    sudoers = root / "etc/sudoers.d" / ACCOUNT
    sudoers.write_text(SUDOERS)
    sudoers.chmod(0o440)

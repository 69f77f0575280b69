"""Root file systems, made once for each Debian release with mmdebstrap and shared read-only by its boards."""

from __future__ import annotations

import hashlib
import json
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
    "python3-venv",
    "systemd",
    "systemd-sysv",
)
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


def path(images: Path, release: str) -> Path:
    """Where the image of a release is kept; a changed recipe has another name."""
    recipe = json.dumps([PACKAGES, MASKED_UNITS]).encode()
    return images / f"{release}-{hashlib.sha256(recipe).hexdigest()[:12]}"


def ensure(images: Path, release: str, mirror: str | None) -> bool:
    """Make the image of a release; return whether it had to be made.

    Raises:
        LabError: mmdebstrap failed; a half-made image is removed.
    """
    final = path(images, release)
    if final.exists():
        return False
    draft = final.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    images.mkdir(parents=True, exist_ok=True)
    command = ["mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=minbase"]
    command += [f"--include={','.join(PACKAGES)}", release, str(draft)]
    if mirror:
        command.append(mirror)
    try:
        run(command)
        _generalise(draft)
    except LabError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(final)
    return True


def _generalise(root: Path) -> None:
    """Take out what must differ between boards, and what would run behind a measurement's back."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    for unit in MASKED_UNITS:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")

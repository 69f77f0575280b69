"""Kernel of an emulated board, put into its image without running a single foreign instruction.

Debian's own way (install the package, let initramfs-tools build a RAM disk) runs thousands of programs of the board's
architecture. Here the package is only unpacked, and the RAM disk holds what finds the disk: busybox and some modules.
"""

from __future__ import annotations

import lzma
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from virtual_lab.command import MMDEBSTRAP, run
from virtual_lab.errors import LabError

PACKAGES = ("busybox-static", "linux-image-arm64")
RAM_DISK_MODULES = ("virtio_pci", "virtio_blk", "crc32c", "ext4")
MODULES = (
    *RAM_DISK_MODULES,
    "virtio_net",
    "virtio-rng",
    "9p",
    "9pnet_virtio",
    "autofs4",
    "binfmt_misc",
    "zram",
)
INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in /modules/*; do /bin/busybox insmod $module; done
until [ -b /dev/vda ]; do echo "waiting for the disk"; /bin/busybox sleep 1; done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox mount -o move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""
RECIPE = (PACKAGES, MODULES, INIT)


def install(root: Path, release: str, architecture: str, options: Sequence[str], mirror: str | None) -> None:
    """Put `boot/vmlinuz`, `boot/initrd.img` and the modules of `MODULES` into a root file system.

    Args:
        root: the root file system.
        release: Debian release.
        architecture: Debian's name of the board's.
        options: further options of mmdebstrap.
        mirror: a mirror, or None for mmdebstrap's own choice.

    Raises:
        LabError: the packages cannot be fetched, or a module of `MODULES` is not in the kernel.
    """
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        unpacked = Path(scratch) / "unpacked"
        command = [*MMDEBSTRAP, "--variant=extract", *options]
        command += [f"--architectures={architecture}", f"--include={','.join(PACKAGES)}"]
        run([*command, release, str(unpacked), *([mirror] if mirror else [])])
        shutil.copy(only(unpacked / "boot", "vmlinuz-*"), root / "boot/vmlinuz")
        modules = only(unpacked, "**/lib/modules/*")
        version = modules.name
        shutil.copytree(modules, root / "lib/modules" / version, symlinks=True)
        run(["depmod", "--basedir", str(root), version])
        _keep_modules(root, version)
        disk = Path(scratch) / "disk"
        _fill_ram_disk(disk, root, version, only(unpacked, "**/bin/busybox"))
        archive = f"cd '{disk}' && find . | cpio --quiet --create --format=newc > '{root}/boot/initrd.img'"
        run(["sh", "-c", archive])


def only(directory: Path, pattern: str) -> Path:
    """The one path that matches.

    Raises:
        LabError: there is none, or several.
    """
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise LabError(f"{directory}: expected one {pattern}, found {len(found)}")
    return found[0]


def files_of(root: Path, version: str, modules: tuple[str, ...]) -> list[Path]:
    """The files of modules and of what they need, in the order in which they are loaded."""
    found: dict[Path, None] = {}
    for name in modules:
        asked = ["modprobe", "--dirname", str(root), "--set-version", version, "--show-depends", name]
        for line in run(asked).splitlines():
            how, _, path = line.partition(" ")
            if how == "insmod":
                found[Path(path.split()[0])] = None
    return list(found)


def _keep_modules(root: Path, version: str) -> None:
    """Remove the thousands of drivers of other hardware: every board's disk would hold them."""
    kept = {path.resolve() for path in files_of(root, version, MODULES)}
    for path in (root / "lib/modules" / version).rglob("*.ko*"):
        if path.resolve() not in kept:
            path.unlink()
    run(["depmod", "--basedir", str(root), version])


def _fill_ram_disk(disk: Path, root: Path, version: str, busybox: Path) -> None:
    for folder in ("bin", "dev", "modules", "root"):
        (disk / folder).mkdir(parents=True)
    shutil.copy(busybox, disk / "bin/busybox")
    for position, path in enumerate(files_of(root, version, RAM_DISK_MODULES)):
        content = path.read_bytes()
        (disk / f"modules/{position:02d}.ko").write_bytes(
            lzma.decompress(content) if path.suffix == ".xz" else content
        )
    (disk / "init").write_text(INIT)
    (disk / "init").chmod(0o755)

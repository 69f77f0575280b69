"""A board as a virtual machine under QEMU's emulation: an arm64 kernel on the core of the real board, slowly.

The wheels of the real board run here, and one that is too new for the core dies of an illegal instruction. Its
speed says nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from virtual_lab import emulator, hardware, image, network
from virtual_lab.command import run
from virtual_lab.config import Board, Lab

ARCHITECTURE = "arm64"
REBOOT_STATUS = emulator.REBOOT_STATUS
BOOT_TIMEOUT_S = 600.0
TOOLS = {
    "cpio": "cpio",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "mke2fs": "e2fsprogs",
    "qemu-system-aarch64": "qemu-system-arm",
}
EMULATOR_OVERHEAD_BYTES = 2 << 30  # translated code, and the emulator itself
DISK_SIZE = "8G"
CORES = 2


def memory_limit_bytes(board: Board) -> int:
    """Memory of the emulator; the board's own kernel keeps the board to `memory_mb`."""
    return (board.memory_mb << 20) + EMULATOR_OVERHEAD_BYTES


def ensure_network(lab: Lab, board: Board) -> bool:
    """Make the tap that the emulator opens; return whether it had to be made."""
    return network.ensure_tap(lab, board)


def prepare(lab: Lab, board: Board) -> None:
    """Make the board's disk, once: the image with the board's own files over it, and what only a machine needs."""
    directory = lab.board_directory(board.name)
    disk = directory / "disk.ext4"
    if disk.exists():
        return
    _write_machine_files(lab, board, directory / "upper")
    lower = image.path(lab.images, board.release, ARCHITECTURE)
    options = f"lowerdir={lower},upperdir={directory / 'upper'},workdir={directory / 'work'}"
    root, draft = directory / "root", directory / "disk.draft"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)])
    run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(draft), DISK_SIZE])
    run(["umount", str(root)])
    draft.rename(disk)


def command(lab: Lab, board: Board) -> list[str]:
    """The emulator as one process."""
    directory = lab.board_directory(board.name)
    boot = image.path(lab.images, board.release, ARCHITECTURE) / "boot"
    return [
        *(sys.executable, "-m", "virtual_lab.emulator"),
        "qemu-system-aarch64",
        *("-machine", "virt", "-cpu", hardware.load_kind(board.kind)["cpu"]),
        *("-smp", str(CORES), "-m", str(board.memory_mb)),
        *("-kernel", str(boot / "vmlinuz"), "-initrd", str(boot / "initrd.img")),
        *("-append", "root=/dev/vda rw console=ttyAMA0 net.ifnames=0 loglevel=4"),
        *("-drive", f"file={directory / 'disk.ext4'},format=raw,if=virtio,cache=unsafe"),
        *("-netdev", f"tap,id=cable,ifname={network.interface(lab, board)},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,netdev=cable,romfile=,mac=52:54:00:00:00:{board.index + 1:02x}"),
        *("-virtfs", f"local,path={directory / 'hardware'},mount_tag=hardware,security_model=none"),
        *("-device", "virtio-rng-pci"),
        *("-display", "none", "-monitor", "none", "-serial", "stdio"),
    ]


def _write_machine_files(lab: Lab, board: Board, upper: Path) -> None:
    units = upper / "etc/systemd/system"
    wanted = units / "multi-user.target.wants"
    links = upper / "etc/systemd/network"
    for folder in (wanted, links):
        folder.mkdir(parents=True, exist_ok=True)
    address = f"{lab.address(board)}/{lab.network.prefixlen}"
    (links / "eth0.network").write_text(f"[Match]\nName=eth0\n\n[Network]\nAddress={address}\n")
    (units / "virtual-lab-hardware.service").write_text(_hardware_unit(hardware.load_kind(board.kind)))
    for unit, home in (
        ("systemd-networkd.service", "/lib/systemd/system"),
        ("virtual-lab-hardware.service", ".."),
    ):
        link = wanted / unit
        link.unlink(missing_ok=True)
        link.symlink_to(f"{home}/{unit}")


def _hardware_unit(kind: dict[str, object]) -> str:
    share = hardware.MOUNT_POINT
    commands = [f"mkdir -p {share}", f"mount -t 9p -o trans=virtio,version=9p2000.L hardware {share}"]
    commands += [f"mount --bind {share}/{name} {target}" for name, target in hardware.mounts(kind).items()]
    lines = [f"ExecStart=/usr/bin/{text}" for text in commands]
    head = "[Unit]\nDescription=The hardware that the virtual lab gives this board\nBefore=ssh.service\n\n"
    return head + "[Service]\nType=oneshot\nRemainAfterExit=yes\n" + "\n".join(lines) + "\n"

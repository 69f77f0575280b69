"""A board as a systemd-nspawn container: own systemd, network, memory limit; the host's kernel and speed."""

from __future__ import annotations

from pathlib import Path

from virtual_lab import hardware, image, network
from virtual_lab.command import run
from virtual_lab.config import Board, Lab

REBOOT_STATUS = 133
ARCHITECTURE = None
BOOT_TIMEOUT_S = 90.0
TOOLS = {"systemd-nspawn": "systemd-container"}


def memory_limit_bytes(board: Board) -> int:
    """Memory of the board's control group: the board's own."""
    return board.memory_mb << 20


def ensure_network(lab: Lab, board: Board) -> bool:
    """Make a network namespace with the board's address; return whether it had to be made."""
    return network.ensure_namespace(lab, board)


def prepare(lab: Lab, board: Board) -> None:
    """Mount the board's disk; the mount ends with the supervisor's mount namespace."""
    directory = lab.board_directory(board.name)
    lower = image.path(lab.images, board.release)
    options = f"lowerdir={lower},upperdir={directory / 'upper'},workdir={directory / 'work'}"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(directory / "root")])
    for share in board.shares:  # systemd-nspawn makes no more than the last of their parts
        (directory / "root" / share.strip("/")).mkdir(parents=True, exist_ok=True)


def command(lab: Lab, board: Board) -> list[str]:
    """The container as one process."""
    directory = lab.board_directory(board.name)
    return [
        "env",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        f"--machine={network.namespace(lab, board)}",
        f"--hostname={board.name}",
        f"--directory={directory / 'root'}",
        f"--network-namespace-path={network.NAMESPACES / network.namespace(lab, board)}",
        *_hardware_options(directory / "hardware", hardware.load_kind(board.kind)),
        *(_share_option(directory / "shares", path) for path in board.shares),
    ]


def _share_option(own: Path, path: str) -> str:
    written = own / path.strip("/").replace("/", "-")
    written.mkdir(parents=True, exist_ok=True)
    return "--overlay=" + ":".join(part.replace(":", "\\:") for part in (path, str(written), path))


def _hardware_options(source: Path, kind: dict[str, object]) -> list[str]:
    options = [f"--bind={source}:{hardware.MOUNT_POINT}"]
    for name, target in (hardware.mounts(kind) | hardware.container_mounts(kind)).items():
        if not Path(target).exists():
            options.append(_missing_mount_point(source, Path(target)))
        escaped = target.replace(":", "\\:")
        options.append(f"--bind={source / name}:{escaped}")
    return options


def _missing_mount_point(source: Path, target: Path) -> str:
    """Lay a directory that this kernel's sysfs lacks over the nearest one that it has."""
    parent = next(path for path in target.parents if path.exists())
    skeleton = source.parent / "skeleton" / parent.name
    (skeleton / target.relative_to(parent)).mkdir(parents=True, exist_ok=True)
    return f"--overlay-ro={parent}:{skeleton}:{parent}"

"""A board's disk: the image of its release below, the board's own changes above."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from virtual_lab import hardware, image
from virtual_lab.command import run
from virtual_lab.config import Board, Lab

BOARD_FILES = Path(__file__).parent / "board_files"
SERIAL_NAMESPACE = uuid.UUID("6e9f3c52-2f0a-4f0e-9c39-0d4a8f7d6f11")


def serial(board: Board) -> str:
    """A serial number that is the board's own in every lab."""
    return uuid.uuid5(SERIAL_NAMESPACE, board.name).hex[:16]


def provision(lab: Lab, board: Board) -> None:
    """Write what makes a board this board: names, keys, the tools of its kind, its hardware."""
    directory, kind = lab.board_directory(board.name), hardware.load_kind(board.kind)
    upper = directory / "upper"
    for part in ("upper", "work", "root"):
        (directory / part).mkdir(parents=True)
    upper.chmod(0o755)
    for family in ("common", kind["family"]):
        if (BOARD_FILES / family).exists():
            shutil.copytree(BOARD_FILES / family, upper, dirs_exist_ok=True)
    _write_names(upper, board, kind)
    _write_keys(upper, lab, board)
    hardware.write_identity(directory / "hardware", kind, serial(board))
    hardware.write_knobs(directory / "hardware", kind)
    hardware.write_state(directory, kind, hardware.initial_state(kind))


def host_key(lab: Lab, board: Board) -> str:
    """The board's public SSH host key, as `known_hosts` wants it."""
    public = lab.board_directory(board.name) / "upper/etc/ssh/ssh_host_ed25519_key.pub"
    kind, key = public.read_text().split()[:2]
    return f"{kind} {key}"


def _write_names(upper: Path, board: Board, kind: dict[str, object]) -> None:
    etc = upper / "etc"
    (etc / "hostname").write_text(f"{board.name}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {board.name}\n")
    (etc / "machine-id").write_text(uuid.uuid5(SERIAL_NAMESPACE, f"machine-id {board.name}").hex + "\n")
    if "release_line" in kind:
        (etc / "nv_tegra_release").write_text(f"{kind['release_line']}\n")
    modes = kind.get("power_modes")
    if isinstance(modes, list):
        lines = [f"< POWER_MODEL ID={index} NAME={mode} >" for index, mode in enumerate(modes)]
        (etc / "nvpmodel.conf").write_text("\n".join([*lines, "< PM_CONFIG DEFAULT=0 >", ""]))


def _write_keys(upper: Path, lab: Lab, board: Board) -> None:
    key = upper / "etc/ssh/ssh_host_ed25519_key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", board.name, "-f", str(key)])
    _let_in(upper / "root", lab, 0)  # how tests and people look into a board, whatever became of its account
    _let_in(upper / "home" / image.ACCOUNT, lab, image.ACCOUNT_ID)


def _let_in(home: Path, lab: Lab, owner: int) -> None:
    """Let the lab's key into the account with this home."""
    folder = home / ".ssh"
    for path in (home, folder):
        path.mkdir(mode=0o700, parents=True)
    authorized = folder / "authorized_keys"
    shutil.copy(lab.client_key.with_suffix(".pub"), authorized)
    for path in (home, folder, authorized):
        os.chown(path, owner, owner)

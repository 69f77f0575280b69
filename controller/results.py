"""The result directory of one sweep, and what "done" means in it.

A cell is complete when its directory stands under its final name, and it gets that name by one rename after every
hash was verified. There is no ledger that could disagree with the files.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from controller.files import read_json, sha256_of, sync_directory, write_json
from controller.records import controller_record, failure_record

RECORD = "cell.json"
RETRIED = frozenset({"board_lost", "infrastructure", "not_run"})
"""Outcomes that say nothing about the cell: a resume measures these again."""


class DamagedError(Exception):
    """What arrived is not what the board wrote."""


class Results:
    """One sweep's directory under ``results/``."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def manifest_path(self) -> Path:
        """Where the manifest stands."""
        return self.path / "manifest.json"

    def manifest(self) -> dict[str, Any]:
        """The sweep's manifest."""
        manifest: dict[str, Any] = read_json(self.manifest_path)
        return manifest

    def note_not_run(self, broken: dict[str, str]) -> int:
        """Give each outstanding cell without a record one that says why it was not measured.

        Args:
            broken: board to the reason why it left the sweep, or an empty text.

        Returns:
            How many cells were so recorded.
        """
        cells = [cell for cell in self.outstanding() if self.record(cell["cell_id"]) is None]
        for cell in cells:
            reason = broken.get(cell["board"]) or "the sweep ended before it"
            identity = {**cell, "sweep_id": self.path.name}
            self.commit_without_board(
                failure_record(identity, "not_run", reason), controller_record(cell["cell_id"], [])
            )
        return len(cells)

    def begin(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and point ``results/latest`` here."""
        write_json(self.manifest_path, manifest)
        self.point_latest()

    def point_latest(self) -> None:
        """Make ``results/latest`` name this sweep."""
        link = self.path.parent / "latest"
        partial = link.with_name(f".latest.{os.getpid()}")
        partial.unlink(missing_ok=True)
        partial.symlink_to(self.path.name)
        partial.replace(link)

    def cell_dir(self, cell_id: str) -> Path:
        """The final directory of a cell."""
        return self.path / "cells" / cell_id

    def record(self, cell_id: str) -> dict[str, Any] | None:
        """A cell's record, where it has one."""
        path = self.cell_dir(cell_id) / RECORD
        if not path.is_file():
            return None
        record: dict[str, Any] = read_json(path)
        return record

    def is_outstanding(self, cell_id: str) -> bool:
        """Whether the cell still has to be measured."""
        record = self.record(cell_id)
        return record is None or record["outcome"] in RETRIED

    def outstanding(self, board: str | None = None) -> list[dict[str, Any]]:
        """The manifest's cells that have to be measured, in their order."""
        return [
            cell
            for cell in self.manifest()["cells"]
            if board in (None, cell["board"]) and self.is_outstanding(cell["cell_id"])
        ]

    def commit(self, cell_id: str, archive: bytes, controller_record: dict[str, Any]) -> dict[str, Any]:
        """Unpack a fetched cell, verify it and give it its final name.

        Args:
            cell_id: which cell.
            archive: a compressed tar of the cell's directory as the board packed it.
            controller_record: becomes ``controller.json`` beside the board's files.

        Returns:
            The cell's record.

        Raises:
            DamagedError: a file is missing, has another hash, or the archive is not readable.
        """
        staging = self._staging(cell_id)
        try:
            _unpack(archive, staging)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedError(f"{cell_id}: the archive cannot be unpacked: {error}") from error
        record = verify(staging, self.path.name, cell_id)
        self._finish(cell_id, staging, controller_record)
        return record

    def commit_without_board(self, record: dict[str, Any], controller_record: dict[str, Any]) -> None:
        """Record a cell for which the board gave nothing; one that is complete stays as it is."""
        if not self.is_outstanding(record["cell_id"]):
            return
        staging = self._staging(record["cell_id"])
        write_json(staging / RECORD, record)
        self._finish(record["cell_id"], staging, controller_record)

    def _staging(self, cell_id: str) -> Path:
        final = self.cell_dir(cell_id)
        staging = final.with_name(f".{final.name}.part")
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(parents=True)
        return staging

    def _finish(self, cell_id: str, staging: Path, controller_record: dict[str, Any]) -> None:
        write_json(staging / "controller.json", controller_record)
        for folder in staging.glob("**/"):
            sync_directory(folder)
        final = self.cell_dir(cell_id)
        if final.exists():
            if not self.is_outstanding(cell_id):
                raise DamagedError(f"{cell_id} is already complete; it is never overwritten")
            self._set_aside(final)
        staging.rename(final)
        sync_directory(final.parent)

    @staticmethod
    def _set_aside(final: Path) -> None:
        attempt = 1
        while (aside := final.with_name(f".{final.name}.attempt{attempt}")).exists():
            attempt += 1
        final.rename(aside)


def _unpack(archive: bytes, folder: Path) -> None:
    """Write the plain files of a compressed tar; whatever else it holds, or would write elsewhere, damns it."""
    # By hand, since ``extractall`` has no filter before Python 3.11.4.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
                raise tarfile.TarError(f"{member.name!r} is no file of a cell")
            if member.isdir():
                (folder / name).mkdir(parents=True, exist_ok=True)
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None  # a regular file
            with source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())


def verify(directory: Path, sweep_id: str, cell_id: str) -> dict[str, Any]:
    """Check a cell's directory against the hashes in its record.

    Raises:
        DamagedError: naming the first thing that is missing or differs.
    """
    try:
        record: dict[str, Any] = read_json(directory / RECORD)
        found_id = (record["sweep_id"], record["cell_id"])
        hashes = {name: entry["sha256"] for name, entry in record["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedError(f"{cell_id}: {RECORD} cannot be read: {error}") from error
    if found_id != (sweep_id, cell_id):
        raise DamagedError(f"{cell_id}: {RECORD} is of another cell: {found_id[1]} of sweep {found_id[0]}")
    for name, expected in hashes.items():
        path = directory / name
        if ".." in path.parts or not path.is_relative_to(directory) or not path.is_file():
            raise DamagedError(f"{cell_id}: {name} did not arrive")
        found = sha256_of(path)
        if found != expected:
            raise DamagedError(f"{cell_id}: {name} has SHA-256 {found}, the board wrote {expected}")
    return record

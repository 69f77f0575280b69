"""Files of public data sets: found on disk, held to a pinned digest, or fetched by it where there is a network.

They lie under ``EDGEBENCH_DATA`` (default ``.edgebench/data``), in a folder a data set: docs/datasets.md.
"""

import os
import shutil
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from model_zoo import download
from model_zoo.errors import ZooError
from model_zoo.store import sha256_of

VARIABLE = "EDGEBENCH_DATA"
DEFAULT_ROOT = Path(".edgebench/data")


class AbsentError(ZooError):
    """The files of a data set are neither on this disk nor to be had."""


@dataclass(frozen=True)
class Source:
    """One published file.

    Attributes:
        name: as its publisher calls it.
        sha256: its pinned digest, or None where only registered users may have it and none is published.
        address: where it can be fetched, or None.
    """

    name: str
    sha256: str | None
    address: str | None = None


def root() -> Path:
    """Return the directory that holds the data sets."""
    return Path(os.environ.get(VARIABLE) or DEFAULT_ROOT)


def folder(name: str) -> Path:
    """Return the directory of one data set, whether it is there or not."""
    return root() / name


def unpacked(dataset: str, source: Source, top: str) -> Path:
    """Return the folder ``top`` of a data set, after unpacking its archive where the folder is not there yet.

    A flat archive is unpacked into ``top``; one that has that folder in it gives it its name.

    Raises:
        ZooError: the archive is damaged or has another digest.
        AbsentError: neither the folder nor the archive is there, and it cannot be fetched.
    """
    final = folder(dataset) / top
    if final.is_dir():
        return final
    archive = find(dataset, source)
    partial = folder(dataset) / f".{top}.part"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _unpack(archive, partial)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
        raise ZooError(f"{archive}: cannot be unpacked: {error}") from error
    inside = partial / top
    (inside if inside.is_dir() else partial).rename(final)
    shutil.rmtree(partial, ignore_errors=True)
    return final


def _unpack(archive: Path, target: Path) -> None:
    """Write the plain files of a tar or zip archive; a name that leads elsewhere damns it."""
    # By hand, since tarfile has no filter before Python 3.11.4.
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir():
                    with opened.open(info) as stream:
                        _write(stream, target, info.filename)
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (content := tar.extractfile(member)):
                with content:
                    _write(content, target, member.name)


def _write(stream: IO[bytes], target: Path, name: str) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise tarfile.TarError(f"{name!r} leads out of the archive")
    path = target / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        shutil.copyfileobj(stream, out)


def find(dataset: str, source: Source) -> Path:
    """Return the path of a data set's file, after comparing its digest.

    Raises:
        ZooError: it is there with another digest; both are named.
        AbsentError: it is not there and cannot be fetched.
    """
    path = folder(dataset) / source.name
    if path.is_file():
        if source.sha256 is not None and (found := sha256_of(path)) != source.sha256:
            raise ZooError(f"{path}: wrong digest: expected {source.sha256}, found {found}")
        return path
    if source.address is None or source.sha256 is None:
        raise AbsentError(
            f"{dataset}: {path}: no such file, and it cannot be fetched; put it there ({VARIABLE})"
        )
    try:
        return download.fetch(source.address, source.sha256, folder(dataset))
    except download.UnreachableError as error:
        raise AbsentError(f"{dataset}: {path}: no such file, and it cannot be fetched: {error}") from error

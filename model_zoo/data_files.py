"""Files of public data sets: found on disk, held to a pinned digest, or fetched by it where there is a network.

They lie under ``EDGEBENCH_DATA`` (default ``.edgebench/data``), in a folder a data set: docs/datasets.md.
"""

import os
from dataclasses import dataclass
from pathlib import Path

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

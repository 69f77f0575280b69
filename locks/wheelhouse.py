"""Fill a wheelhouse from a lock: ``python -m locks.wheelhouse PLATFORM/BACKEND --into DIR``.

Several boards may ask at the same time, and several controllers may share the directory: one download
runs at a time, wheels appear under their final names only when their hashes are right, and a lock that
is already served costs no download.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locks.update import LOCKS, LockError, Target, resolver_environment, run

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
INDEX = "wheels.json"


def locked_hashes(lock: Path) -> set[str]:
    """Return the SHA-256 of every wheel that ``lock`` names.

    Raises:
        LockError: the file cannot be read or names none.
    """
    try:
        hashes = set(HASH.findall(lock.read_text()))
    except OSError as error:
        known = sorted(f"{path.parent.name}/{path.stem}" for path in LOCKS.glob("*/*.txt"))
        raise LockError(f"{lock}: {error.strerror}; locks that exist: {', '.join(known)}") from error
    if not hashes:
        raise LockError(f"{lock}: no --hash=sha256: line; make the lock with python -m locks.update")
    return hashes


class Wheelhouse:
    """A directory of wheels with an index from SHA-256 to file name and size.

    The index is what makes a second run cheap: pip checks every hash again when it installs.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def index(self) -> dict[str, dict[str, str | int]]:
        """Return what is really there: entries whose file is gone or has another size are left out."""
        path = self.directory / INDEX
        entries = json.loads(path.read_text()) if path.exists() else {}
        return {sha256: entry for sha256, entry in entries.items() if self._is_present(entry)}

    def _is_present(self, entry: dict[str, str | int]) -> bool:
        wheel = self.directory / str(entry["file"])
        return wheel.exists() and wheel.stat().st_size == entry["bytes"]

    def missing(self, hashes: set[str]) -> set[str]:
        """Return the hashes that no wheel here has."""
        return hashes - self.index().keys()

    def files(self, hashes: set[str]) -> list[str]:
        """Return the absolute paths of the given wheels that are here, sorted."""
        directory = self.directory.resolve()
        return sorted(
            str(directory / str(entry["file"])) for key, entry in self.index().items() if key in hashes
        )

    def add(self, wheels: list[Path]) -> None:
        """Take over wheels from a directory on the same file system, then write the index."""
        entries = self.index()
        for wheel in wheels:
            with wheel.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            entries[sha256] = {"file": wheel.name, "bytes": wheel.stat().st_size}
            wheel.replace(self.directory / wheel.name)
        scratch = self.directory / f"{INDEX}.new"
        scratch.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")
        scratch.replace(self.directory / INDEX)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the wheelhouse against every other process; released by the kernel if this one dies."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def download(target: Target, directory: Path) -> list[Path]:
    """Download the wheels of a lock into ``directory``; pip refuses any whose hash differs."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--dest", str(directory), "--requirement", str(target.lock), *target.platform.pip_options),
    ]
    run(command, resolver_environment())
    return list(directory.glob("*.whl"))


def fill(target: Target, directory: Path, check: bool) -> dict[str, object]:
    """Make every wheel of the lock present in ``directory``.

    Returns:
        ``changed`` (bool) and ``files`` (paths of the wheels of this lock that are there).
    """
    hashes = locked_hashes(target.lock)
    wheelhouse = Wheelhouse(directory)
    if check:
        return {"changed": bool(wheelhouse.missing(hashes)), "files": wheelhouse.files(hashes)}
    with wheelhouse.exclusive():
        missing = wheelhouse.missing(hashes)
        if missing:
            with tempfile.TemporaryDirectory(dir=directory) as scratch:
                wheelhouse.add(download(target, Path(scratch)))
        still_missing = wheelhouse.missing(hashes)
        if still_missing:
            raise LockError(f"{target.lock}: no wheel was delivered for {', '.join(sorted(still_missing))}")
    return {"changed": bool(missing), "files": wheelhouse.files(hashes)}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m locks.wheelhouse", description="Serve a lock's wheels.")
    parser.add_argument("target", metavar="PLATFORM/BACKEND", help="e.g. linux-x86_64-cp311/onnxruntime")
    parser.add_argument("--into", metavar="DIR", type=Path, required=True, help="the platform's wheelhouse")
    parser.add_argument("--check", action="store_true", help="only say whether something is missing")
    options = parser.parse_args(arguments)
    try:
        result = fill(Target(LOCKS / f"{options.target}.in"), options.into, options.check)
    except LockError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

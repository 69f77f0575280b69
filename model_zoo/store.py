"""The store: a directory for each artifact and data set, named by its digest, and an index of the current ones.

Every directory is filled under a temporary name and renamed, so that what lies under its final name is whole.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from model_zoo import plugins
from model_zoo.errors import ZooError

Record = dict[str, Any]
IDENTITY = ("model", "variant", "format", "opset")
"""What a consumer asks for; the index has at most one artifact for each."""
_DIRECTORY = {"artifacts": "directory", "datasets": "sha256"}
"""The key of a record that names its directory."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write JSON beside its final name, fsync, and rename."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".json-", delete=False) as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


class Store:
    """A store under one directory; see docs/contracts.md, section 4."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.weights = root / "weights"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the store for one builder at a time, and clear what an interrupted one left behind.

        Raises:
            ZooError: the directory cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("w")
        except OSError as error:
            raise ZooError(f"--store: {self.root}: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another build in {self.root}", file=sys.stderr)
                fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(self.root / ".incoming", ignore_errors=True)
            yield

    def incoming(self) -> Path:
        """Return a new empty directory to fill and then publish."""
        parent = self.root / ".incoming"
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent))

    def publish(self, directory: Path, kind: str, record: Record) -> Path:
        """Move a filled directory to where its record says, replacing what is there; return its new path."""
        target = self.root / kind / record[_DIRECTORY[kind]]
        target.parent.mkdir(parents=True, exist_ok=True)
        for path in directory.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        directory.chmod(0o755)
        if target.exists():
            target.rename(self.incoming() / "replaced")
        directory.rename(target)
        return target

    def records(self, kind: str) -> list[Record]:
        """Return every ``<kind>/*/<kind without s>.json`` that lies where it says, oldest first.

        Raises:
            ZooError: one of them is not JSON.
        """
        found = []
        for path in sorted(self.root.glob(f"{kind}/*/{kind[:-1]}.json")):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
            except json.JSONDecodeError as error:
                raise ZooError(f"{path}: not valid JSON: {error}") from error
            if record.get(_DIRECTORY[kind]) == path.parent.name:
                found.append(record)
        return sorted(found, key=lambda record: record.get("built_utc", ""))

    def index(self) -> Record:
        """Return ``index.json``, or an empty one where there is none that can be read."""
        try:
            index: Record = json.loads((self.root / "index.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            index = {}
        return {
            "schema": "edgebench/zoo_index/1",
            "artifacts": [],
            "datasets": [],
            "unsupported": [],
            **index,
        }

    def artifact_file(self, record: Record) -> Path:
        """Return the path of an artifact's model file."""
        return self.root / "artifacts" / record["directory"] / record["file"]

    def is_whole(self, record: Record) -> bool:
        """Return whether an artifact's files and data set are there, by size (``verify`` reads the bytes)."""
        model = self.artifact_file(record)
        parts = [model, *(model.with_name(entry["file"]) for entry in record.get("beside", []))]
        check = model.with_name(record["check"]["file"])
        data = self.root / "datasets" / record["dataset"]["sha256"] / "data.npz"
        there = all(path.is_file() for path in (*parts, check, data))
        return there and sum(path.stat().st_size for path in parts) == record["bytes"]

    def note_refusals(self, unsupported: Iterable[Record]) -> None:
        """Put combinations that cannot be into the index at once: an interrupted build does not try them again."""
        refused = list(unsupported)
        if refused:
            index = self.index()
            known = {tuple(r[key] for key in IDENTITY): r for r in [*index["unsupported"], *refused]}
            write_json(self.root / "index.json", {**index, "unsupported": list(known.values())})

    def write_index(self, wanted: Iterable[Record], unsupported: Iterable[Record] = ()) -> Record:
        """Write ``index.json``: of each identity the wanted artifact, else the last one, else the newest."""
        before = self.index()
        artifacts = self.records("artifacts")
        there = {record["directory"] for record in artifacts}
        known = [record for record in before["artifacts"] if record.get("directory") in there]
        current = {tuple(r[key] for key in IDENTITY): r for r in [*artifacts, *known, *wanted]}
        refused = {tuple(r[key] for key in IDENTITY): r for r in [*before["unsupported"], *unsupported]}
        index = {
            "schema": "edgebench/zoo_index/1",
            "artifacts": [current[key] for key in sorted(current, key=str)],
            "datasets": self.records("datasets"),
            "unsupported": [refused[key] for key in sorted(refused, key=str) if key not in current],
            "tolerances": _tolerances(),
        }
        write_json(self.root / "index.json", index)
        return index

    def superseded(self) -> dict[Path, int]:
        """Return the directories that nothing needs any more, and how many bytes each has.

        What is in the index is needed, and the newest of each identity: an interrupted build has not indexed it yet.
        """
        newest = {tuple(r[key] for key in IDENTITY): r for r in self.records("artifacts")}
        artifacts = [*newest.values(), *self.index()["artifacts"]]
        needed = {"artifacts": {record.get("directory") for record in artifacts}}
        needed["datasets"] = {record["dataset"]["sha256"] for record in artifacts}
        unneeded = [
            path
            for kind, names in needed.items()
            for path in sorted(self.root.glob(f"{kind}/*"))
            if path.name not in names and path.is_dir()
        ]
        return {path: sum(file.stat().st_size for file in path.iterdir()) for path in unneeded}

    def prune(self, directories: Iterable[Path]) -> None:
        """Remove directories of artifacts and data sets, and the data sets from the index.

        Raises:
            ZooError: one cannot be removed.
        """
        for path in directories:
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise ZooError(f"--store: {path}: {error.strerror}") from error
        self.write_index(())


def _tolerances() -> dict[str, Record]:
    """Return by variant how far an artifact may be from its source: and so a runtime that computes in as little."""
    modules = [plugins.load("variants", name) for name in plugins.names("variants")]
    return {
        name: {"atol": module.TOLERANCE.atol, "rtol": module.TOLERANCE.rtol}
        for module in modules
        for name in module.NAMES
    }

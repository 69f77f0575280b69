"""The runner's own files, from a source checkout or from inside its zipapp, and its identity."""

import hashlib
import io
import os
import zipfile
import zipimport
from typing import List, Tuple

PACKAGE = "edgebench_runner"
RESOURCES = ("schemas/cell_spec.json",)
_ENTRY = "import sys\n\nfrom edgebench_runner.cli import main\n\nsys.exit(main())\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def root() -> str:
    """Return the directory, or the zipapp, that holds the package: what PYTHONPATH needs to find it."""
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_zipapp() -> bool:
    """Tell whether the runner runs from a zipapp."""
    return isinstance(globals().get("__loader__"), zipimport.zipimporter)


def read_text(name: str) -> str:
    """Return the text of one of ``RESOURCES``."""
    if is_zipapp():
        with zipfile.ZipFile(root()) as archive:
            return archive.read(name).decode("utf-8")
    with open(os.path.join(root(), name), encoding="utf-8") as file:
        return file.read()


def build() -> bytes:
    """Return the zipapp as bytes: the same bytes for the same sources, on every machine."""
    buffer = io.BytesIO()
    buffer.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name, content in _entries():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def runner_sha256() -> str:
    """Return the SHA-256 of the zipapp that runs, or that this checkout would build."""
    if is_zipapp():
        with open(root(), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    return hashlib.sha256(build()).hexdigest()


def _entries() -> List[Tuple[str, bytes]]:
    entries = [("__main__.py", _ENTRY.encode("utf-8"))]
    for directory, _, files in os.walk(os.path.join(root(), PACKAGE)):
        for name in files:
            if name.endswith(".py"):
                path = os.path.join(directory, name)
                entries.append((os.path.relpath(path, root()).replace(os.sep, "/"), _read(path)))
    entries += [(name, read_text(name).encode("utf-8")) for name in RESOURCES]
    return sorted(entries)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

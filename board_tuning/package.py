"""Write this package as one zipapp: the same bytes for the same sources."""

import io
import os
import pkgutil
import zipfile
from typing import Iterator

MAIN = "import sys\n\nfrom board_tuning.cli import main\n\nsys.exit(main())\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def build() -> bytes:
    """Return the zipapp."""
    buffer = io.BytesIO(b"#!/usr/bin/env python3\n")
    buffer.seek(0, os.SEEK_END)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(_modules()):
            archive.writestr(
                _entry(name), pkgutil.get_data("board_tuning", os.path.relpath(name, "board_tuning")) or b""
            )
        archive.writestr(_entry("__main__.py"), MAIN)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _modules() -> Iterator[str]:
    package = os.path.dirname(os.path.abspath(__file__))
    for directory, _, files in os.walk(package):
        for name in files:
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(directory, name), os.path.dirname(package))

"""One results directory: its manifest and where its parts lie."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import InputError
from analysis.files import read_json

MANIFEST_SCHEMA = "edgebench/manifest/1"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
CELL_KEYS = {
    "cell_id": str,
    "position": int,
    "board": str,
    "kind": str,
    "model": str,
    "variant": str,
    "backend": str,
    "runtime": str,
    "mode": str,
    "repeat": int,
}


@dataclass(frozen=True)
class Sweep:
    """A results directory that has a readable manifest."""

    root: Path
    manifest: dict[str, Any]

    @property
    def sweep_id(self) -> str:
        """Identity of the sweep."""
        return str(self.manifest["sweep_id"])

    @property
    def planned(self) -> list[dict[str, Any]]:
        """The manifest's cells, in its order."""
        return list(self.manifest["cells"])

    @property
    def cells_parquet(self) -> Path:
        """One row per cell and repeat."""
        return self.root / "cells.parquet"

    @property
    def inferences(self) -> Path:
        """Directory of the inference records, partitioned by board."""
        return self.root / "inferences"

    @property
    def report(self) -> Path:
        """Directory of the report."""
        return self.root / "report"

    def cell_directory(self, planned: dict[str, Any]) -> Path:
        """Return where the cell's files lie.

        Raises:
            InputError: when a name of the cell is not of the form that file names are made of, so that a hostile
                name can never lead outside the results directory.
        """
        for key in ("board", "model", "variant", "backend", "mode"):
            if not NAME.match(planned[key]):
                raise InputError(f"{key} {planned[key]!r} is not a name of the form [a-z0-9][a-z0-9_-]*")
        expected = "{board}/{model}.{variant}.{backend}.{mode}.r{repeat}".format(**planned)
        if planned["cell_id"] != expected:
            raise InputError(f"cell_id {planned['cell_id']!r} does not say what its parts say: {expected!r}")
        return self.root / "cells" / expected


def load_sweep(directory: Path) -> Sweep:
    """Return the sweep whose results lie in ``directory``.

    Raises:
        InputError: when there is no such directory or its manifest cannot be used.
    """
    if str(directory).startswith("published:"):
        raise InputError(
            f"{directory}: a study's printed tables; this needs the results directory of a sweep"
        )
    if not directory.is_dir():
        raise InputError(f"{directory}: no such results directory")
    path = directory / "manifest.json"
    manifest = read_json(path, MANIFEST_SCHEMA)
    for key, kind in (("sweep_id", str), ("boards", dict), ("cells", list)):
        if not isinstance(manifest.get(key), kind):
            raise InputError(f"{path}: {key} is {manifest.get(key)!r}, expected a {kind.__name__}")
    for number, cell in enumerate(manifest["cells"]):
        _check_cell(path, number, cell)
    return Sweep(directory.resolve(), manifest)


def _check_cell(path: Path, number: int, cell: object) -> None:
    if not isinstance(cell, dict):
        raise InputError(f"{path}: cells[{number}] is {type(cell).__name__}, expected an object")
    for key, kind in CELL_KEYS.items():
        if not isinstance(cell.get(key), kind):
            raise InputError(f"{path}: cells[{number}].{key} is {cell.get(key)!r}, expected {kind.__name__}")

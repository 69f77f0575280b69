"""What results keep of the zoo, so that they can be read wherever they are moved: labels and artifact records."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

from controller import spec
from controller.files import sync_directory, write_json
from controller.results import Results

PIXELS = ("images.npy", "segments.npy")
"""What the analysis does not need: segmentation is compared with its truth on the board."""
TRUTH = "truth.npz"


def keep(results: Results, store: Path, zoo: dict[str, Any], board: str) -> None:
    """Copy what the analysis needs of the artifacts and data sets that a board's cells use; what is there stays.

    Args:
        results: gets ``artifacts/<sha256>.json`` and ``datasets/<sha256>/truth.npz``, which holds every array of the
            data set but its pixels.
        store: the zoo's directory.
        zoo: its ``index.json``.
        board: whose cells.
    """
    manifest = results.manifest()
    for cell in manifest["cells"]:
        if cell["board"] != board:
            continue
        try:
            artifact = spec.find_artifact(cell, manifest["profile"], zoo)
        except spec.NoArtifactError:
            continue  # the cell becomes a row that says so
        if artifact is not None:
            _keep_record(results.path / "artifacts" / f"{artifact['sha256']}.json", artifact)
            sha256 = artifact["dataset"]["sha256"]
            _keep_truth(store / "datasets" / sha256, results.path / "datasets" / sha256)


def _keep_record(path: Path, artifact: dict[str, Any]) -> None:
    if not path.is_file():
        write_json(path, artifact)


def _keep_truth(source: Path, target: Path) -> None:
    """Copy the arrays beside the images: an npz file is a zip archive, so that no NumPy is needed."""
    if (target / TRUTH).is_file() or not (source / "data.npz").is_file():
        return
    target.mkdir(parents=True, exist_ok=True)
    partial = target / f".{TRUTH}.{os.getpid()}.part"
    with zipfile.ZipFile(source / "data.npz") as data:
        arrays = [name for name in data.namelist() if name not in PIXELS]
        if not arrays:
            return
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as truth:
            for name in arrays:
                with data.open(name) as member, truth.open(name, "w", force_zip64=True) as copy:
                    shutil.copyfileobj(member, copy)
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    write_json(target / "dataset.json", json.loads((source / "dataset.json").read_text(encoding="utf-8")))
    partial.replace(target / TRUTH)
    sync_directory(target)

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from controller import zoo_records
from tests.unit.controller.controller_factory import a_zoo, some_results


def a_store(folder: Path, zoo: dict[str, Any], **arrays: Any) -> Path:
    for dataset in zoo["datasets"]:
        directory = folder / "datasets" / dataset["sha256"]
        directory.mkdir(parents=True)
        np.savez(directory / "data.npz", images=np.zeros((3, 8, 8, 1), np.uint8), **arrays)
        (directory / "dataset.json").write_text(json.dumps(dataset))
    return folder


def test_results_keep_labels_without_images_and_the_record_of_each_artifact(tmp_path: Path) -> None:
    zoo = a_zoo()
    results, _ = some_results(tmp_path, boards=("pi",))
    store = a_store(tmp_path / "zoo", zoo, labels=np.array([3, 1, 2]))
    for _ in range(2):  # a resume keeps what is there
        zoo_records.keep(results, store, zoo, "pi")
    used = {artifact["sha256"]: artifact for artifact in zoo["artifacts"]}
    kept = {path.stem: json.loads(path.read_text()) for path in (results.path / "artifacts").glob("*.json")}
    assert kept and all(kept[sha256] == used[sha256] for sha256 in kept)
    (truth,) = (results.path / "datasets").glob("*/truth.npz")
    assert zipfile.ZipFile(truth).namelist() == ["labels.npy"]
    np.testing.assert_array_equal(np.load(truth)["labels"], [3, 1, 2])
    assert not list(results.path.rglob(".*.part"))


def test_a_moved_results_directory_still_knows_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.labels import LabelSource

    zoo = a_zoo()
    results, _ = some_results(tmp_path, boards=("pi",))
    zoo_records.keep(results, a_store(tmp_path / "zoo", zoo, labels=np.array([3, 1, 2])), zoo, "pi")
    shutil.rmtree(tmp_path / "zoo")
    elsewhere = tmp_path / "archive" / "moved"
    shutil.copytree(results.path, elsewhere)
    monkeypatch.chdir(tmp_path / "archive")
    sha256 = zoo["datasets"][0]["sha256"]
    np.testing.assert_array_equal(LabelSource.beside(elsewhere).labels(sha256), [3, 1, 2])

import hashlib
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis.cli import main
from analysis.export.crate import crate
from analysis.sweep import load_sweep


@pytest.fixture(scope="module")
def exported(good_results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exported")
    results, target = shutil.copytree(good_results, root / "results"), root / "export"
    assert main(["export", str(results), "--to", str(target)]) == 0
    return target


def test_the_crate_names_every_file_with_its_hash(exported: Path) -> None:
    metadata = json.loads((exported / "ro-crate-metadata.json").read_text())
    entities = {entity["@id"]: entity for entity in metadata["@graph"]}
    assert entities["ro-crate-metadata.json"]["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.1"
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    there = {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert parts == there - {"ro-crate-metadata.json"}
    for part in parts:
        assert entities[part]["sha256"] == hashlib.sha256((exported / part).read_bytes()).hexdigest()


def test_every_link_of_the_exported_report_leads_somewhere(exported: Path) -> None:
    page = exported / "report" / "index.html"
    links = re.findall(r'(?:href|src)="([^"#:]+)"', page.read_text())
    assert len(links) > 20
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_license_is_stated_or_said_to_be_missing(good_results: Path, tmp_path: Path) -> None:
    url = "https://creativecommons.org/licenses/by/4.0/"
    for given, expected in ((None, "#license"), (url, url)):
        graph = crate(load_sweep(good_results), tmp_path, {}, given)["@graph"]
        entities = {entity["@id"]: entity for entity in graph}
        assert entities["./"]["license"] == {"@id": expected}
        assert expected in entities


def test_a_study_has_nothing_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "published:gia2023", "--to", str(tmp_path / "x")]) == 2
    assert "needs the results directory of a sweep" in capsys.readouterr().err


def test_tables_come_in_both_forms(exported: Path) -> None:
    csv, parquet = pd.read_csv(exported / "cells.csv"), pd.read_parquet(exported / "cells.parquet")
    assert list(csv.columns) == list(parquet.columns)
    assert len(csv) == len(parquet) == 36
    assert len(pd.read_parquet(exported / "inferences")) == 18 * 35 + 18 * 10


def test_a_system_says_whether_its_description_is_complete(exported: Path) -> None:
    system = json.loads((exported / "systems" / "local.json").read_text())
    assert system["host_processor_core_count"] == 2
    assert system["framework"] == "onnxruntime 1.31.1, pytorch 1.31.1"
    assert system["complete"] is True


def test_an_export_never_mixes_with_what_was_there(
    exported: Path, good_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(good_results), "--to", str(exported)]) == 2
    assert "not an empty directory" in capsys.readouterr().err

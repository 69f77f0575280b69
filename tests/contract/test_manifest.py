"""From every profile to a manifest, from a manifest to specs that the runner takes, and back to a kept cell."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from controller import inventory, profile
from controller.catalogues import Catalogues, ask_all
from controller.plan import make_manifest
from controller.records import controller_record
from controller.results import Results
from controller.spec import BoardSetup, build

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "schemas").glob("*.json")
}
REGISTRY: Any = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
HOST = {"edgebench_kind": "generic_linux", "edgebench_root": "/var/lib/edgebench"}


def boards_of(name: str) -> dict[str, dict[str, Any]]:
    """The boards of an inventory, with what their kinds say, as Ansible reads them."""
    command = [Path(sys.executable).with_name("ansible-inventory"), "--list", "--playbook-dir=playbooks"]
    done = subprocess.run(
        [*command, f"--inventory=inventory/{name}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {
        host: {key: value for key, value in variables.items() if key.startswith("edgebench_")}
        for host, variables in json.loads(done.stdout)["_meta"]["hostvars"].items()
    }


def follows(name: str, value: Any) -> None:
    Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(json.loads(json.dumps(value)))


def references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
        return own + [found for part in schema.values() for found in references(part)]
    if isinstance(schema, list):
        return [found for part in schema for found in references(part)]
    return []


@pytest.fixture(scope="module")
def catalogues() -> Catalogues:
    return ask_all(ROOT)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one_and_every_reference_in_it_leads_somewhere(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    resolver = REGISTRY.resolver(base_uri=SCHEMAS[name]["$id"])
    for reference in references(SCHEMAS[name]):
        assert resolver.lookup(reference).contents


def test_no_two_schemas_have_one_name() -> None:
    names = [schema["$id"] for schema in SCHEMAS.values()]
    assert len(set(names)) == len(names)


def test_the_example_lab_lacks_only_what_is_not_plugged_in_here(catalogues: Catalogues) -> None:
    boards = boards_of("example_lab")
    assert {board["edgebench_kind"] for board in boards.values()} == set(catalogues.kinds)
    problems = inventory.check(boards, "inventory/example_lab", catalogues)
    assert [problem for problem in problems if not problem.key.endswith(".port")] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "profiles").glob("*.yml")))
def test_every_profile_becomes_a_manifest_that_follows_the_schema(name: str, catalogues: Catalogues) -> None:
    chosen = profile.load(ROOT, name, catalogues)
    hosts = {kind.replace("_", "-"): {**HOST, "edgebench_kind": kind} for kind in catalogues.kinds}
    manifest = make_manifest(f"contract-{name}", name, chosen, hosts, catalogues, ROOT)
    follows("manifest", manifest)
    assert {cell["runtime"] for cell in manifest["cells"]} <= set(catalogues.backends)


def test_what_is_planned_is_run_and_kept(tmp_path: Path, catalogues: Catalogues) -> None:
    """The controller's spec through the real runner, and what the runner wrote through the controller's checks."""
    chosen = profile.load(ROOT, "quick", catalogues)
    manifest = make_manifest("contract-quick", "quick", chosen, {"pi": HOST}, catalogues, ROOT)
    results = Results(tmp_path / "results" / "contract-quick")
    results.begin(manifest)
    environment = {"name": "null", "python": sys.executable, "lock_sha256": "0" * 64}
    setup = BoardSetup(
        root=str(tmp_path),
        python=sys.executable,
        can_reboot=False,
        simulated=True,
        metered=False,
        meter_simulated=False,
        environments={"null": environment},
        gate={},
    )
    cell = next(cell for cell in manifest["cells"] if cell["runtime"] == "null")
    spec = build(cell, manifest, {"artifacts": [], "datasets": []}, setup)
    follows("cell_spec", spec)
    (tmp_path / "spec.json").write_text(json.dumps(spec))

    command = [sys.executable, "-m", "edgebench_runner", "run", "spec.json", "--out", "cell"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    record = results.commit(
        cell["cell_id"], packed(tmp_path / "cell"), controller_record(cell["cell_id"], [])
    )
    follows("cell_record", record)
    follows(
        "controller_record", json.loads((results.cell_dir(cell["cell_id"]) / "controller.json").read_text())
    )
    assert record["outcome"] == "ok"
    assert record["simulated"] == ["board"]
    assert not results.is_outstanding(cell["cell_id"])


def packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, arcname=".")
    return buffer.getvalue()

"""From a digest to its history and its measurements, and whether the files are still what they were."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_zoo import bridge
from model_zoo.errors import ZooError
from model_zoo.store import Record, Store, sha256_of


def find(store: Store, digits: str) -> Record:
    """Return the record of the one artifact whose digest starts so.

    Raises:
        ZooError: none does, or several do.
    """
    found = [record for record in store.records("artifacts") if record["sha256"].startswith(digits.lower())]
    if len(found) != 1:
        named = ", ".join(f"{r['sha256'][:16]} ({_name(r)})" for r in found) or "none"
        raise ZooError(
            f"{store.root}: artifacts whose SHA-256 starts with {digits!r}: {named}; exactly one is needed"
        )
    return found[0]


def trace(store: Store, digits: str, results: Path | None) -> dict[str, Any]:
    """Return an artifact's record and the cells that were measured with it under ``results``.

    Raises:
        ZooError: no such artifact, or no such directory.
    """
    record = find(store, digits)
    return {"artifact": record, "cells": None if results is None else _cells(results, record["sha256"])}


def lines(chain: dict[str, Any]) -> list[str]:
    """Return the chain as text: source, weights, exporter, variant, verification, cells."""
    record = chain["artifact"]
    verification = record["verification"]
    versions = ", ".join(f"{name} {version}" for name, version in record["exporter"]["versions"].items())
    accuracy = verification["accuracy"]
    verdict = "passed" if verification["passed"] else "FAILED"
    text = [
        f"artifact      {record['sha256']}  {record['bytes']} bytes, built {record['built_utc']}",
        f"model         {record['model']} ({record['task']}), {record['parameters']} parameters",
        f"source        {record['source']}: {record['origin']}",
        f"weights       {record['weights']}: {record['weights_detail']}",
        f"variant       {record['variant']}",
        f"exporter      {record['exporter']['name']}, opset {record['opset']}, {versions}",
        f"data set      {record['dataset']['name']}  {record['dataset']['sha256']}",
        f"verification  {verdict}, tolerance {verification['tolerance']}",
        f"  random      {verification['random']}",
        f"  images      {verification['images']}",
        f"  accuracy    {accuracy if accuracy else 'unknown: no labels, or random weights'}",
    ]
    if chain["cells"] is None:
        return [*text, "cells         not searched: --results DIR was not given"]
    cells = [f"  {cell['results']}: {cell['cell_id']}: {cell['outcome']}" for cell in chain["cells"]]
    return [*text, f"cells         {len(cells)}", *cells]


def verify(store: Store, digests: Sequence[str]) -> list[dict[str, Any]]:
    """Read the files of artifacts again: digest, check pairs, and the answers the file gives to them now.

    Returns:
        One finding for each artifact; ``problem`` is None where everything is as recorded.
    """
    if not store.root.is_dir():
        raise ZooError(f"--store: {store.root}: no such directory")
    records = [find(store, digits) for digits in digests] or store.records("artifacts")
    return [{"sha256": r["sha256"], "name": _name(r), "problem": _problem(store, r)} for r in records]


def _problem(store: Store, record: Record) -> str | None:
    path = store.artifact_file(record)
    check = path.with_name(record["check"]["file"])
    data = store.root / "datasets" / record["dataset"]["sha256"] / "data.npz"
    expected = {path: record["sha256"], check: record["check"]["sha256"], data: record["dataset"]["sha256"]}
    expected |= {path.with_name(entry["file"]): entry["sha256"] for entry in record.get("beside", [])}
    for file, digest in expected.items():
        if not file.is_file():
            return f"{file}: missing"
        if (found := sha256_of(file)) != digest:
            return f"{file}: wrong digest: expected {digest}, found {found}"
    if not record["verification"]["passed"]:
        return "did not verify when it was built"
    return _check_answers(record, path, check)


def _check_answers(record: Record, path: Path, check: Path) -> str | None:
    import numpy as np

    from model_zoo import verification

    with np.load(check) as pairs, bridge.opened(record["format"], path) as infer:
        found, expected = verification.run(infer, pairs["inputs"]), pairs["outputs"]
    found = found.reshape(expected.shape)
    excess = np.abs(found - expected) - record["check"]["rtol"] * np.abs(expected)
    if not (excess <= record["check"]["atol"]).all():
        return f"{path}: its answers differ from its source's by up to {np.abs(found - expected).max():.3g}"
    return None


def _cells(results: Path, sha256: str) -> list[dict[str, Any]]:
    if not results.is_dir():
        raise ZooError(f"--results: {results}: no such directory")
    cells = []
    for path in sorted(results.rglob("cell.json")):
        try:
            cell = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise ZooError(f"{path}: cannot be read: {error}") from error
        if cell.get("artifact_sha256") == sha256:
            cells.append(
                {"results": str(path.parent), "cell_id": cell.get("cell_id"), "outcome": cell.get("outcome")}
            )
    return cells


def _name(record: Record) -> str:
    return f"{record['model']}.{record['variant']}.{record['format']}"

"""From a digest to its history and its measurements, and whether the files are still what they were."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from model_zoo import bridge
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.store import Record, Store, sha256_of


def find(store: Store, names: Sequence[str]) -> list[Record]:
    """Return the records of the artifacts that are named, by digest or by model; all of them where nothing is.

    Args:
        names: a digest or its leading digits, or ``model``, ``model.variant`` or ``model.variant.format``, which
            stand for the current artifacts.

    Raises:
        ZooError: a name stands for nothing, leading digits stand for several files, or there is no store.
    """
    if not store.root.is_dir():
        raise ZooError(f"--store: {store.root}: no such directory")
    records = store.records("artifacts")
    if not names:
        return records
    current = store.index()["artifacts"]
    found = [record for name in names for record in _called(name, current) or _digest(store, name, records)]
    return list({record["directory"]: record for record in found}.values())


def _called(name: str, current: Sequence[Record]) -> list[Record]:
    parts = name.split(".")
    return [record for record in current if name_of(record).split(".")[: len(parts)] == parts]


def _digest(store: Store, digits: str, records: Sequence[Record]) -> list[Record]:
    found = [record for record in records if record["sha256"].startswith(digits.lower())]
    if len({record["sha256"] for record in found}) == 1:
        return found
    if not found:
        models = ", ".join(sorted({record["model"] for record in records})) or "none"
        raise ZooError(
            f"{store.root}: no artifact {digits!r}; valid: a SHA-256, or one of its models: {models}"
        )
    named = ", ".join(f"{r['sha256'][:16]} ({name_of(r)})" for r in found)
    raise ZooError(f"{store.root}: several artifacts have a SHA-256 that starts with {digits!r}: {named}")


def trace(records: Sequence[Record], results: Path | None) -> list[dict[str, Any]]:
    """Return the record of each artifact and the cells that were measured with it under ``results``.

    Raises:
        ZooError: no such directory, or a cell's record cannot be read.
    """
    if results is None:
        return [{"artifact": record, "cells": None} for record in records]
    cells = _cells(results)
    return [{"artifact": record, "cells": cells.get(record["sha256"], [])} for record in records]


def lines(chain: dict[str, Any]) -> list[str]:
    """Return the chain as text: source, weights, exporter, variant, verification, cells."""
    record = chain["artifact"]
    versions = ", ".join(
        f"{name} {version}" for name, version in record["exporter"]["versions"].items() if version
    )
    opset = "" if record["opset"] is None else f", opset {record['opset']}"
    text = [
        f"artifact      {record['sha256']}",
        f"              {record['bytes']:,} bytes, built {record['built_utc']}",
        *(f"  with        {part['file']}  {part['sha256']}" for part in record.get("beside", [])),
        f"model         {record['model']} ({record['task']}){_parameters(record)}",
        f"source        {record['source']}: {record['origin']}",
        f"weights       {record['weights']}: {record['weights_detail']}",
        f"variant       {record['variant']}{_detail(record)}",
        f"exporter      {record['exporter']['name']}{opset}; {versions}",
        f"data set      {record['dataset']['name']}  {record['dataset']['sha256']}",
        *_verification_lines(record["verification"]),
    ]
    if chain["cells"] is None:
        return [
            *text,
            "cells         not searched: there is no directory results here, and --results DIR was not given",
        ]
    cells = [f"  {cell['results']}: {cell['cell_id']}: {cell['outcome']}" for cell in chain["cells"]]
    return [*text, f"cells         {len(cells)}", *cells]


def _parameters(record: Record) -> str:
    return "" if record["parameters"] is None else f", {record['parameters']:,} parameters"


def _detail(record: Record) -> str:
    detail = record.get("variant_detail") or {}
    return "".join(f"\n              {key}: {value}" for key, value in detail.items())


def _verification_lines(found: Record) -> list[str]:
    tolerance, images, accuracy = found["tolerance"], found["images"], found["accuracy"]
    agreement = images["top1_agreement"]
    told = "unknown: no labels, or random weights"
    if accuracy:
        loss = f", loss {accuracy['loss']:.4f}" if "loss" in accuracy else ""
        told = f"top-1 {accuracy['top1']:.2%} of {accuracy['n']} images of {accuracy['dataset']}{loss}"
    share = tolerance.get("share", 1.0)
    most = "" if share == 1.0 else f" for {share:.1%} of the values (found {found['within']:.4%})"
    return [
        f"verification  {'passed' if found['passed'] else 'FAILED'}",
        f"  allowed     {tolerance['atol']:g} + {tolerance['rtol']:g} of the value{most}, "
        f"correlation {tolerance['correlation']:g}, top-1 agreement {tolerance['top1_agreement']:g}",
        f"  random      {_differences(found['random'])}",
        f"  {images['n']:2} images   {_differences(images)}, correlation {found['correlation']:.6f}"
        + ("" if agreement is None else f", top-1 agreement {agreement:.2f}"),
        f"  accuracy    {told}",
    ]


def _differences(found: Record) -> str:
    return f"largest difference {found['max_abs_diff']:.2e}, mean {found['mean_abs_diff']:.2e}"


def verify(store: Store, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Read the files of artifacts again: digest, check pairs, and the answers the file gives to them now.

    Yields:
        One finding for each artifact; ``problem`` is None where everything is as recorded.
    """
    for record in find(store, names):
        yield {"sha256": record["sha256"], "name": name_of(record), "problem": _problem(store, record)}


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
    try:
        return _check_answers(record, path, check)
    except (UnsupportedError, ZooError) as error:
        return str(error)


def _check_answers(record: Record, path: Path, check: Path) -> str | None:
    import numpy as np

    from model_zoo import plugins, verification

    if not getattr(plugins.load("exporters", record["format"]), "RUNS_HERE", True):
        return None  # only a board has what runs it; its digest has been compared
    with np.load(check) as pairs, bridge.opened(record["format"], path) as infer:
        found, expected = verification.run(infer, pairs["inputs"]), pairs["outputs"]
    found = found.reshape(expected.shape)
    excess = np.abs(found - expected) - record["check"]["rtol"] * np.abs(expected)
    if not (excess <= record["check"]["atol"]).all():
        return f"{path}: its answers differ from its source's by up to {np.abs(found - expected).max():.3g}"
    return None


def _cells(results: Path) -> dict[str | None, list[dict[str, Any]]]:
    """Return the cells by the digest of the artifact that they ran."""
    if not results.is_dir():
        raise ZooError(f"--results: {results}: no such directory")
    cells: dict[str | None, list[dict[str, Any]]] = {}
    for path in sorted(results.rglob("cell.json")):
        try:
            cell = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise ZooError(f"{path}: cannot be read: {error}") from error
        found = {"results": str(path.parent), "cell_id": cell.get("cell_id"), "outcome": cell.get("outcome")}
        cells.setdefault(cell.get("artifact_sha256"), []).append(found)
    return cells


def name_of(record: Record) -> str:
    """Return ``model.variant.format``."""
    return f"{record['model']}.{record['variant']}.{record['format']}"

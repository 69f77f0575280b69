"""Make the artifacts of one variant of one model: the part of a build that imports torch."""

import ctypes
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import cache_key, dataset, plugins, torch_setup, verification
from model_zoo.dataset import Dataset
from model_zoo.errors import UnsupportedError
from model_zoo.model import Model
from model_zoo.source import Loaded, Request
from model_zoo.store import IDENTITY, Record, Store, sha256_of, write_json

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Job:
    """One variant of one model, in each of these (format, opset)."""

    model: Model
    variant_module: str
    variant: str
    targets: tuple[tuple[str, int | None], ...]
    weights: str
    store: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the records of its artifacts, and of the combinations that cannot be."""

    artifacts: list[Record]
    unsupported: list[Record]


def initialise(threads: int) -> None:
    """Prepare a worker process: it dies with its parent, leaves Ctrl-C to it, and uses this many threads."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch_setup.prepare(threads)


def build(job: Job) -> Outcome:
    """Load the source, make the variant, and export, verify and publish it in each format."""
    say(f"{job.model.name} {job.variant}: loading")
    store, data = Store(job.store), dataset.load(job.model.dataset)
    request = Request(job.model, data, job.weights, store.weights)
    loaded = plugins.load("sources", job.model.source_kind).load(request)
    variant = plugins.load("variants", job.variant_module)
    expected = verification.reference(_infer(loaded), job.model, data)
    transformed = variant.transform(loaded, job.variant)
    data_record = _publish_dataset(store, data)
    artifacts, unsupported = [], []
    for format_name, opset in job.targets:
        started = time.monotonic()
        try:
            maker = _Maker(job, store, data, data_record, expected, variant.TOLERANCE)
            record = maker.make(transformed, format_name, opset)
        except UnsupportedError as error:
            identity = (job.model.name, job.variant, format_name, opset)
            unsupported.append({**dict(zip(IDENTITY, identity, strict=True)), "reason": str(error)})
            say(f"{job.model.name} {job.variant} {format_name}: unsupported: {error}")
            continue
        artifacts.append(record)
        say(f"{summary(record)} in {time.monotonic() - started:.1f} s")
    return Outcome(artifacts, unsupported)


def summary(record: Record) -> str:
    """Return one line about an artifact."""
    images = record["verification"]["images"]
    verdict = "verified" if record["verification"]["passed"] else "FAILED verification"
    return (
        f"{record['model']} {record['variant']} {record['format']}: {verdict}, largest difference "
        f"{images['max_abs_diff']:.1e}, {record['bytes'] / 1e6:.1f} MB, weights {record['weights']}"
    )


def say(line: str) -> None:
    """Print a line of progress, whole, on standard error."""
    os.write(sys.stderr.fileno(), f"{line}\n".encode())


@dataclass(frozen=True)
class _Maker:
    job: Job
    store: Store
    data: Dataset
    data_record: Record
    expected: verification.Reference
    tolerance: verification.Tolerance

    def make(self, loaded: Loaded, format_name: str, opset: int | None) -> Record:
        import torch

        exporter = plugins.load("exporters", format_name)
        directory = self.store.incoming()
        try:
            path = directory / f"model.{exporter.EXTENSION}"
            example = torch.from_numpy(self.expected.inputs[:1])
            exporter.export(loaded.module, example, path, opset)
            infer = exporter.load(path)
            verified = verification.verify(infer, self.expected, self.tolerance, self.job.model.task)
            if loaded.weights != "seeded_random":
                verified["accuracy"] = verification.accuracy(infer, self.job.model, self.data)
            inputs, outputs = self.expected.check_pairs()
            np.savez(directory / "check.npz", inputs=inputs, outputs=outputs)
            record = self._record(loaded, format_name, opset, path) | {"verification": verified}
            write_json(directory / "artifact.json", record)
            self.store.publish(directory, "artifacts", record["sha256"])
            return record
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _record(self, loaded: Loaded, format_name: str, opset: int | None, path: Path) -> Record:
        job, model = self.job, self.job.model
        output_shape = [1, *self.expected.outputs.shape[1:]]
        key = cache_key.key(model, job.variant_module, job.variant, format_name, opset, loaded.weights)
        return {
            "schema": "edgebench/artifact/1",
            "sha256": sha256_of(path),
            "model": model.name,
            "variant": job.variant,
            "format": format_name,
            "opset": opset,
            "file": path.name,
            "bytes": path.stat().st_size,
            "task": model.task,
            "weights": loaded.weights,
            "weights_detail": loaded.weights_detail,
            "seed": model.seed,
            "classes": model.classes,
            "input": {
                "name": "input",
                "shape": list(model.input_shape),
                "dtype": "float32",
                "layout": "NCHW",
            },
            "preprocess": model.preprocess.record(),
            "outputs": [{"name": "output", "shape": output_shape, "dtype": "float32"}],
            "dataset": {"name": self.data.name, "sha256": self.data_record["sha256"]},
            "check": {
                "file": "check.npz",
                "sha256": sha256_of(path.with_name("check.npz")),
                "atol": self.tolerance.atol,
                "rtol": self.tolerance.rtol,
            },
            "parameters": sum(parameter.numel() for parameter in loaded.module.parameters()),
            "flops": None if model.macs is None else 2 * model.macs,
            "source": model.source,
            "origin": model.origin,
            "exporter": {"name": format_name, "versions": cache_key.versions(model, format_name)},
            "build_key": key,
            "built_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _infer(loaded: Loaded) -> verification.Infer:
    import torch

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(loaded.module(torch.from_numpy(batch)).float().numpy())

    return infer


def _publish_dataset(store: Store, data: Dataset) -> Record:
    directory = store.incoming()
    try:
        arrays: dict[str, Any] = {"images": data.images}
        if data.labels is not None:
            arrays["labels"] = data.labels
        np.savez(directory / "data.npz", **arrays)
        record = data.record(sha256_of(directory / "data.npz"))
        if not (store.root / "datasets" / record["sha256"] / "dataset.json").exists():
            write_json(directory / "dataset.json", record)
            store.publish(directory, "datasets", record["sha256"])
        return record
    finally:
        shutil.rmtree(directory, ignore_errors=True)

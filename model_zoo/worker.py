"""Make the artifacts of one variant of one model: the part of a build that imports torch."""

import ctypes
import os
import shutil
import signal
import sys
import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
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
N_CALIBRATION = 32


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
    store, data = Store(job.store), _load_dataset(job.model)
    request = Request(job.model, data, job.weights, store.weights)
    loaded = plugins.load("sources", job.model.source_kind).load(request)
    variant = plugins.load("variants", job.variant_module)
    data_record = _publish_dataset(store, data)
    artifacts, unsupported = [], []
    try:
        transformed = variant.transform(loaded, job.variant, job.model)
    except UnsupportedError as error:
        say(f"{job.model.name} {job.variant}: unsupported: {error}")
        return Outcome([], [_refusal(job, *target, error) for target in job.targets])
    source = loaded if transformed.detail is None else transformed
    expected = verification.reference(_infer(source), job.model, data)
    for format_name, opset in job.targets:
        started = time.monotonic()
        try:
            maker = _Maker(job, store, data, data_record, expected, variant)
            record = maker.make(transformed, format_name, opset)
        except UnsupportedError as error:
            unsupported.append(_refusal(job, format_name, opset, error))
            say(f"{job.model.name} {job.variant} {format_name}: unsupported: {error}")
            continue
        artifacts.append(record)
        say(f"{summary(record)} in {time.monotonic() - started:.1f} s")
    return Outcome(artifacts, unsupported)


def _load_dataset(model: Model) -> Dataset:
    """Load the entry's data set. One that the network is trained on is not needed to measure how fast it is."""
    if plugins.load("sources", model.source_kind).declared_weights(model) != "trained":
        return dataset.load(model.dataset)
    data = dataset.load_or_substitute(model.dataset, model.input_shape)
    if data.name != model.dataset:
        say(f"{model.name}: no {model.dataset} to train on, see docs/datasets.md: weights are random by seed")
    return data


def _refusal(job: Job, format_name: str, opset: int | None, reason: UnsupportedError) -> Record:
    identity = (job.model.name, job.variant, format_name, opset)
    return {**dict(zip(IDENTITY, identity, strict=True)), "reason": str(reason)}


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
    variant: ModuleType

    def make(self, loaded: Loaded, format_name: str, opset: int | None) -> Record:
        import torch

        exporter = plugins.load("exporters", format_name)
        directory = self.store.incoming()
        try:
            path = directory / f"model.{exporter.EXTENSION}"
            example = torch.from_numpy(self.expected.inputs[:1])
            exporter.export(loaded, example, path, opset)
            detail = self.variant.finish(path, format_name, self._calibration()) or loaded.detail
            infer = exporter.load(path)
            verified = verification.verify(
                infer, self.expected, self.variant.TOLERANCE, self.job.model, loaded.weights
            )
            if loaded.weights != "seeded_random":
                verified["accuracy"] = verification.accuracy(infer, self.job.model, self.data)
            inputs, outputs = self.expected.check_pairs()
            np.savez(directory / "check.npz", inputs=inputs, outputs=outputs)
            record = self._record(loaded, format_name, opset, path, detail) | {"verification": verified}
            write_json(directory / "artifact.json", record)
            self.store.publish(directory, "artifacts", record["sha256"])
            return record
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _calibration(self) -> verification.Floats:
        return self.job.model.preprocess.apply(self.data.calibration[:N_CALIBRATION])

    def _record(
        self, loaded: Loaded, format_name: str, opset: int | None, path: Path, detail: Record | None
    ) -> Record:
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
                "name": loaded.names[0],
                "shape": list(model.input_shape),
                "dtype": "float32",
                "layout": "NCHW",
            },
            "preprocess": model.preprocess.record(),
            "postprocess": model.postprocess,
            "outputs": [{"name": loaded.names[1], "shape": output_shape, "dtype": "float32"}],
            "dataset": {"name": self.data.name, "sha256": self.data_record["sha256"]},
            "check": {
                "file": "check.npz",
                "sha256": sha256_of(path.with_name("check.npz")),
                "atol": self.variant.TOLERANCE.atol,
                "rtol": self.variant.TOLERANCE.rtol,
            },
            "parameters": _parameters(loaded),
            "variant_detail": detail,
            "bytes_compressed": _compressed_bytes(path) if loaded.weights == "trained" else None,
            "flops": None if model.macs is None else 2 * model.macs,
            "source": model.source,
            "origin": model.origin,
            "exporter": {"name": format_name, "versions": cache_key.versions(model, format_name)},
            "build_key": key,
            "built_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _parameters(loaded: Loaded) -> int | None:
    if loaded.module is None:
        return None
    return sum(parameter.numel() for parameter in loaded.module.parameters())


def _compressed_bytes(path: Path) -> int:
    return len(zlib.compress(path.read_bytes(), 6))


def _infer(loaded: Loaded) -> verification.Infer:
    import torch

    if loaded.file is not None:
        infer_file: verification.Infer = plugins.load("exporters", "onnx").load(loaded.file)
        return infer_file
    network = loaded.network()

    def infer(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(batch)).float().numpy())

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

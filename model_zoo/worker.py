"""Make the artifacts of one variant of one model: the part of a build that imports torch."""

import ctypes
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import (
    bridge,
    cache_key,
    dataset,
    exporting,
    plugins,
    published_data,
    torch_setup,
    verification,
)
from model_zoo.dataset import Dataset
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.model import Model
from model_zoo.request import Request as ExportRequest
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
    """What became of a job: its artifacts, the combinations that cannot be, and those that failed this time."""

    artifacts: list[Record]
    unsupported: list[Record]
    errors: list[str]


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
    data_record = published_data.publish(store, data)
    artifacts, unsupported, errors = [], [], []
    try:
        transformed = variant.transform(loaded, job.variant, job.model)
    except UnsupportedError as error:
        say(f"{job.model.name} {job.variant}: unsupported: {error}")
        return Outcome([], [_refusal(job, *target, loaded.weights, error) for target in job.targets], [])
    source = loaded if transformed.detail is None else transformed
    with _opened(source) as infer:
        expected = verification.reference(infer, job.model, data)
    with tempfile.TemporaryDirectory(prefix="edgebench-export-") as scratch:
        maker = _Maker(job, store, data, data_record, expected, variant, transformed, Path(scratch))
        for format_name, opset in job.targets:
            started = time.monotonic()
            try:
                record = maker.make(format_name, opset)
            except UnsupportedError as error:
                unsupported.append(_refusal(job, format_name, opset, loaded.weights, error))
                say(f"{job.model.name} {job.variant} {format_name}: unsupported: {error}")
                continue
            except ZooError as error:
                errors.append(f"{job.model.name} {job.variant} {format_name}: {error}")
                continue
            artifacts.append(record)
            say(f"{summary(record)} in {time.monotonic() - started:.1f} s")
    return Outcome(artifacts, unsupported, errors)


def _load_dataset(model: Model) -> Dataset:
    """Load the entry's data set. One that the network is trained on is not needed to measure how fast it is."""
    if plugins.load("sources", model.source_kind).declared_weights(model) != "trained":
        return _fitting(model, dataset.load(model.dataset, model.input_shape))
    data = dataset.load_or_substitute(model.dataset, model.input_shape)
    if data.name != model.dataset:
        say(f"{model.name}: no {model.dataset} to train on, see docs/datasets.md: weights are random by seed")
    return _fitting(model, data)


def _fitting(model: Model, data: Dataset) -> Dataset:
    """Return the data set if its answers are those of the network: labels of others would make a false accuracy."""
    meant = dataset.task_of(data.name)
    if meant not in (None, model.task):
        raise ZooError(f"{model.name}: {data.name} is for {meant}, the network for {model.task}")
    if data.labels is not None and model.classes is not None and data.classes != model.classes:
        raise ZooError(
            f"{model.name}: {data.name} has {data.classes} classes, the network answers {model.classes}"
        )
    return data


def _refusal(job: Job, format_name: str, opset: int | None, weights: str, reason: UnsupportedError) -> Record:
    identity = (job.model.name, job.variant, format_name, opset)
    key = cache_key.key(job.model, job.variant_module, job.variant, format_name, opset, weights)
    return {**dict(zip(IDENTITY, identity, strict=True)), "reason": str(reason), "build_key": key}


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
    loaded: Loaded
    scratch: Path

    def make(self, format_name: str, opset: int | None) -> Record:
        exporter = plugins.load("exporters", format_name)
        directory = self.store.incoming()
        try:
            path = directory / f"model.{exporter.EXTENSION}"
            precision = self.variant.precision(self.job.variant)
            calibration = self.job.model.preprocess.apply(self.data.calibration[:N_CALIBRATION])
            request = ExportRequest(precision, opset, calibration)
            said = exporting.write(format_name, self.loaded, path, request, self.scratch)
            subject = format_name, path
            if not getattr(exporter, "RUNS_HERE", True):
                subject = exporter.SOURCE, exporting.source_path(format_name, precision, self.scratch)
            with bridge.opened(*subject) as infer:
                verified = self._verified(_in_layout(infer, exporter.LAYOUT))
            inputs, outputs = self.expected.check_pairs()
            np.savez(directory / "check.npz", inputs=to_layout(inputs, exporter.LAYOUT), outputs=outputs)
            detail = {**(self.loaded.detail or {}), **(said or {}), **_calibration_record(request)} or None
            record = self._record(exporter, format_name, opset, path, detail) | {"verification": verified}
            write_json(directory / "artifact.json", record)
            self.store.publish(directory, "artifacts", record["sha256"])
            return record
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _tolerance(self) -> verification.Tolerance:
        return verification.allowed(self.variant.TOLERANCE, self.loaded.weights)

    def _verified(self, infer: verification.Infer) -> Record:
        tolerance, weights = self._tolerance(), self.loaded.weights
        verified = verification.verify(infer, self.expected, tolerance, self.job.model, weights)
        if weights != "seeded_random":
            verified["accuracy"] = verification.accuracy(infer, self.job.model, self.data)
        return verified

    def _record(
        self, exporter: ModuleType, format_name: str, opset: int | None, path: Path, detail: Record | None
    ) -> Record:
        job, model, loaded = self.job, self.job.model, self.loaded
        beside = _beside(path)
        output_shape = [1, *self.expected.outputs.shape[1:]]
        key = cache_key.key(model, job.variant_module, job.variant, format_name, opset, loaded.weights)
        return {
            "schema": "edgebench/artifact/1",
            "sha256": sha256_of(path),
            "model": model.name,
            "variant": job.variant,
            "format": format_name,
            "file_format": exporter.FILE_FORMAT,
            "opset": opset,
            "file": path.name,
            "beside": beside,
            "bytes": path.stat().st_size + sum(entry["bytes"] for entry in beside),
            "task": model.task,
            "weights": loaded.weights,
            "weights_detail": loaded.weights_detail,
            "seed": model.seed,
            "classes": model.classes,
            "input": {
                "name": loaded.names[0],
                "shape": list(to_layout(np.empty(model.input_shape), exporter.LAYOUT).shape),
                "dtype": "float32",
                "layout": exporter.LAYOUT,
            },
            "preprocess": model.preprocess.record(),
            "postprocess": model.postprocess,
            "outputs": [{"name": loaded.names[1], "shape": output_shape, "dtype": "float32"}],
            "dataset": {"name": self.data.name, "sha256": self.data_record["sha256"]},
            "check": {
                "file": "check.npz",
                "sha256": sha256_of(path.with_name("check.npz")),
                "atol": self._tolerance().atol,
                "rtol": self._tolerance().rtol,
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
        return loaded.parameters
    return sum(parameter.numel() for parameter in loaded.module.parameters())


def _calibration_record(request: ExportRequest) -> Record:
    """Return what the record of a quantised file says of the images that chose its ranges."""
    if request.precision not in ("int8", "uint8"):
        return {}
    digest = hashlib.sha256(request.calibration.tobytes()).hexdigest()
    return {"calibration": {"n": len(request.calibration), "sha256": digest}}


def to_layout(images: NDArray[Any], layout: str) -> NDArray[Any]:
    """Turn images (n, C, H, W) into a file's layout."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if layout == "NHWC" else images


def _in_layout(infer: verification.Infer, layout: str) -> verification.Infer:
    """Return the inference on batches (1, C, H, W) of a file with another layout."""
    return lambda batch: infer(to_layout(batch, layout))


def _beside(path: Path) -> list[Record]:
    """Return what lies beside a model's file and is a part of it, such as weights."""
    files = sorted(
        other for other in path.parent.iterdir() if other not in (path, path.with_name("check.npz"))
    )
    return [{"file": f.name, "sha256": sha256_of(f), "bytes": f.stat().st_size} for f in files]


def _compressed_bytes(path: Path) -> int:
    return len(zlib.compress(path.read_bytes(), 6))


@contextmanager
def _opened(loaded: Loaded) -> Iterator[verification.Infer]:
    """Open the source itself for inference on batches (1, C, H, W)."""
    from model_zoo.exporters import _torch

    if loaded.file is not None:
        with bridge.opened(loaded.file_format, loaded.file) as infer:
            yield _in_layout(infer, plugins.load("exporters", loaded.file_format).LAYOUT)
        return
    yield _torch.inference(loaded.network())

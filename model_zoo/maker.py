"""One artifact of a network: exported, verified, recorded and published."""

import hashlib
import shutil
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_zoo import bridge, cache_key, exporting, plugins, verification
from model_zoo.dataset import Dataset
from model_zoo.model import Model
from model_zoo.request import Request
from model_zoo.source import Loaded
from model_zoo.store import Record, Store, sha256_of, write_json
from model_zoo.target import Target

N_CALIBRATION = 32


@dataclass(frozen=True)
class Maker:
    """Makes the artifacts of one network.

    Attributes:
        expected: the answers that they are held to.
        scratch: keeps the files that others are converted from.
    """

    model: Model
    store: Store
    data: Dataset
    data_record: Record
    expected: verification.Reference
    loaded: Loaded
    scratch: Path

    def make(self, target: Target) -> Record:
        """Make one artifact and return its record.

        Raises:
            UnsupportedError: it cannot be, with the reason.
            ZooError: the machine failed.
        """
        exporter = plugins.load("exporters", target.format)
        variant = plugins.load("variants", target.variant_module)
        tolerance = verification.allowed(variant.TOLERANCE, self.loaded.weights, self.model.task)
        directory = self.store.incoming()
        try:
            path = directory / f"model.{exporter.EXTENSION}"
            precision = variant.precision(target.variant)
            calibration = self.model.preprocess.apply(self.data.calibration[:N_CALIBRATION])
            request = Request(precision, target.opset, calibration)
            said = exporting.write(target.format, self.loaded, path, request, self.scratch)
            subject = target.format, path
            if not getattr(exporter, "RUNS_HERE", True):
                subject = exporter.SOURCE, exporting.source_path(target.format, precision, self.scratch)
            with bridge.opened(*subject) as infer:
                verified = self._verified(in_layout(infer, exporter.LAYOUT), tolerance)
            inputs, outputs = self.expected.check_pairs()
            np.savez(directory / "check.npz", inputs=to_layout(inputs, exporter.LAYOUT), outputs=outputs)
            detail = {**(self.loaded.detail or {}), **(said or {}), **_calibration_record(request)} or None
            record = self._record(target, exporter, path, detail, tolerance) | {"verification": verified}
            write_json(directory / "artifact.json", record)
            self.store.publish(directory, "artifacts", record)
            return record
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _verified(self, infer: verification.Infer, tolerance: verification.Tolerance) -> Record:
        weights = self.loaded.weights
        verified = verification.verify(infer, self.expected, tolerance, self.model, weights)
        if weights != "seeded_random":
            verified["accuracy"] = verification.accuracy(infer, self.model, self.data)
        return verified

    def _record(
        self,
        target: Target,
        exporter: ModuleType,
        path: Path,
        detail: Record | None,
        tolerance: verification.Tolerance,
    ) -> Record:
        model, loaded = self.model, self.loaded
        beside = _beside(path)
        output_shape = [1, *self.expected.outputs.shape[1:]]
        sha256 = sha256_of(path)
        return {
            "schema": "edgebench/artifact/1",
            "sha256": sha256,
            "directory": f"{target.name}.{sha256}",
            "model": model.name,
            "variant": target.variant,
            "format": target.format,
            "file_format": exporter.FILE_FORMAT,
            "opset": target.opset,
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
                "atol": tolerance.atol,
                "rtol": tolerance.rtol,
                "share": tolerance.share,
            },
            "parameters": _parameters(loaded),
            "variant_detail": detail,
            "bytes_compressed": _compressed_bytes(path) if loaded.weights == "trained" else None,
            "flops": None if model.macs is None else 2 * model.macs,
            "source": model.source,
            "origin": model.origin,
            "exporter": {"name": target.format, "versions": cache_key.versions(model, target.format)},
            "build_key": target.build_key(loaded.weights),
            "built_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _parameters(loaded: Loaded) -> int | None:
    if loaded.module is None:
        return loaded.parameters
    return sum(parameter.numel() for parameter in loaded.module.parameters())


def _calibration_record(request: Request) -> Record:
    """Return what the record of a quantised file says of the images that chose its ranges."""
    if request.precision not in ("int8", "uint8"):
        return {}
    digest = hashlib.sha256(request.calibration.tobytes()).hexdigest()
    return {"calibration": {"n": len(request.calibration), "sha256": digest}}


def to_layout(images: NDArray[Any], layout: str) -> NDArray[Any]:
    """Turn images (n, C, H, W) into a file's layout."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if layout == "NHWC" else images


def in_layout(infer: verification.Infer, layout: str) -> verification.Infer:
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

"""Specs of cells that run the small network on one backend, in that backend's environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import small_network
from runner_factory import null_spec, sha256, write_dataset

FILES = {
    "onnx": "model.onnx",
    "torchscript": "model.pt",
    "torch_export": "model.pt2",
    "executorch": "model.pte",
    "openvino": "model.xml",
    "mnn": "model.mnn",
    "ncnn": "ncnn/model.param",
    "caffe": "caffe/model.caffemodel",
    "caffe2": "caffe2/predict_net.pb",
    "keras": "model.keras",
    "saved_model": "model.saved_model.zip",
    "tensorflow_frozen": "model.pb",
    "tflite": "model.tflite",
}
# What a backend is always told here.
OPTIONS = {"armnn": {"device": "cpu_reference"}}
CHANNELS_LAST = ("keras", "saved_model", "tflite")


def cell_spec(
    directory: Path,
    backend: str,
    python: str,
    path: Path,
    kind: str,
    tolerance: float,
    size: int = small_network.SIZE,
    inferences: int = 20,
    **options: Any,
) -> dict[str, Any]:
    """Return the spec of a warm cell whose answers are held to NumPy's.

    Args:
        directory: where its stored answers and its data set are written.
        backend: the backend, which is its label too.
        python: the interpreter of its environment.
        path: the artifact.
        kind: the artifact's format.
        tolerance: absolute, of the logits.
        size: height and width of the network's input.
        inferences: how many are measured.
        options: options of the backend.
    """
    options = {**OPTIONS.get(backend, {}), **options}
    shape, inputs = (1, 3, size, size), small_network.inputs(size=size)
    outputs = small_network.answers(inputs)
    if kind in CHANNELS_LAST:
        shape, inputs = (shape[0], *shape[2:], shape[1]), inputs.transpose(0, 2, 3, 1)
    np.savez(directory / "check.npz", inputs=inputs, outputs=outputs.astype(np.float32))
    check = {"path": str(directory / "check.npz"), "sha256": sha256(directory / "check.npz")}
    artifact = {
        "path": str(path),
        "sha256": sha256(path),
        "format": kind,
        "weights": "seeded_random",
        "classes": small_network.CLASSES,
        "input": {
            "name": "input",
            "shape": list(shape),
            "dtype": "float32",
            "layout": "NHWC" if kind in CHANNELS_LAST else "NCHW",
        },
        "preprocess": {"size": [size] * 2, "scale": 1 / 255, "mean": [0.5] * 3, "std": [0.25] * 3},
        "check": {**check, "atol": tolerance, "rtol": 0.0},
    }
    streams = options.get("streams", 1)
    return null_spec(
        cell_id=f"local/small.fp32.{backend}.{'throughput' if streams > 1 else 'warm'}.r1",
        model="small",
        backend=backend,
        runtime=backend,
        mode="throughput" if streams > 1 else "warm",
        task="classification",
        artifact=artifact,
        dataset=write_dataset(directory / "data.npz", count=1 if size > 512 else 6, size=size),
        options=options,
        protocol={"warmup": 4, "inferences": inferences, "deadline_s": 280},
        environment={"name": backend, "python": python, "lock_sha256": None},
    )

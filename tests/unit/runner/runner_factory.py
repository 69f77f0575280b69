"""Cell specs and artifacts for the runner's tests: small, real, made where they are needed."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

CLASSES = 7
SIZE = 8


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def null_spec(**changes) -> dict:
    spec = {
        "schema": "edgebench/cell_spec/1",
        "sweep_id": "test-sweep",
        "cell_id": "local/none.fp32.null.warm.r1",
        "position": 1,
        "board": "local",
        "kind": "generic_linux",
        "model": "none",
        "variant": "fp32",
        "backend": "null",
        "runtime": "null",
        "mode": "warm",
        "repeat": 1,
        "isolation": "process",
        "task": None,
        "artifact": None,
        "dataset": None,
        "options": {},
        "protocol": {"warmup": 2, "inferences": 5, "deadline_s": 60},
        "environment": {"name": "test", "python": sys.executable, "lock_sha256": None},
    }
    return {**spec, **changes}


def write_dataset(path: Path, count: int = 6, size: int = SIZE) -> dict:
    images = np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(count, dtype=np.int64) % CLASSES)
    return {"name": "noise", "path": str(path), "sha256": sha256(path), "labels": True}


def linear_classifier(path: Path, operator: str = "MatMul", domain: str = "") -> np.ndarray:
    """Write an ONNX model that flattens its input and multiplies it by the matrix that is returned."""
    matrix = np.random.default_rng(2).normal(size=(3 * SIZE * SIZE, CLASSES)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node(operator, ["flat", "matrix"], ["output"], domain=domain),
        ],
        "linear",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, CLASSES])],
        [onnx.numpy_helper.from_array(matrix, "matrix")],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    return matrix


def write_check(path: Path, matrix: np.ndarray, error: float = 0.0) -> dict:
    inputs = np.random.default_rng(3).normal(size=(2, 3, SIZE, SIZE)).astype(np.float32)
    np.savez(path, inputs=inputs, outputs=inputs.reshape(2, -1) @ matrix + np.float32(error))
    return {"path": str(path), "sha256": sha256(path), "atol": 1e-3, "rtol": 1e-3}


def artifact(path: Path, kind: str, check: dict | None) -> dict:
    return {
        "path": str(path),
        "sha256": sha256(path),
        "format": kind,
        "weights": "seeded_random",
        "classes": CLASSES,
        "input": {"name": "input", "shape": [1, 3, SIZE, SIZE], "dtype": "float32", "layout": "NCHW"},
        "preprocess": {"size": [SIZE, SIZE], "scale": 1 / 255, "mean": [0.5] * 3, "std": [0.25] * 3},
        "check": check,
    }


def onnx_spec(directory: Path, error: float = 0.0, **changes) -> dict:
    """Return the spec of a warm ONNX Runtime cell; ``error`` is added to the stored answers."""
    model = directory / "model.onnx"
    matrix = linear_classifier(model)
    spec = null_spec(
        cell_id="local/linear.fp32.onnxruntime.warm.r1",
        model="linear",
        backend="onnxruntime",
        runtime="onnxruntime",
        task="classification",
        artifact=artifact(model, "onnx", write_check(directory / "check.npz", matrix, error)),
        dataset=write_dataset(directory / "data.npz"),
        options={"threads": 1},
    )
    return {**spec, **changes}


def write_spec(directory: Path, spec: dict) -> Path:
    path = directory / "cell_spec.json"
    path.write_text(json.dumps(spec))
    return path

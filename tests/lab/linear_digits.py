"""One trained model in two formats, to run real cells with: digits by a linear map, as .onnx and as .tflite.

Both files hold the same weights, so that both runtimes have to give the same answers on every board.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.datasets import load_digits

SIZE, CLASSES = 8, 10
SCALE = 1 / 255
# Of the TensorFlow Lite schema, version 3.
FULLY_CONNECTED, FULLY_CONNECTED_OPTIONS = 9, 8
LAYOUTS = {
    "onnx": ("NCHW", [1, 1, SIZE, SIZE], "onnxruntime"),
    "tflite": ("NHWC", [1, SIZE, SIZE, 1], "tflite"),
}


@dataclass(frozen=True)
class Artifacts:
    """The files of both formats in a directory.

    Attributes:
        directory: holds ``model.onnx``, ``model.tflite``, ``check-<format>.npz``, ``data.npz``.
        classes: the model's answer to each image of ``data.npz``, by numpy.
        accuracy: share of them that is right.
    """

    directory: Path
    classes: list[int]
    accuracy: float

    def spec(self, board: str, kind: str, form: str, root: str, python: str) -> dict[str, Any]:
        """Return the spec of a warm cell over every image once, with the files in ``root`` on the board."""
        layout, shape, runtime = LAYOUTS[form]
        preprocess = {"size": [SIZE, SIZE], "scale": SCALE, "mean": [0.0], "std": [1.0]}
        check = {**self._file(root, f"check-{form}.npz"), "atol": 1e-4, "rtol": 1e-4}
        artifact = {
            **self._file(root, f"model.{form}"),
            "format": form,
            "weights": "trained",
            "classes": CLASSES,
            "input": {"name": "input", "shape": shape, "dtype": "float32", "layout": layout},
            "preprocess": preprocess,
            "check": check,
        }
        return {
            "schema": "edgebench/cell_spec/1",
            "sweep_id": "provision",
            "cell_id": f"{board}/linear_digits.fp32.{runtime}.warm.r1",
            "position": 1,
            "board": board,
            "kind": kind,
            "model": "linear_digits",
            "variant": "fp32",
            "backend": runtime,
            "runtime": runtime,
            "mode": "warm",
            "repeat": 1,
            "isolation": "process",
            "task": "classification",
            "artifact": artifact,
            "dataset": {"name": "digits", **self._file(root, "data.npz"), "labels": True},
            "options": {"threads": 1},
            "protocol": {
                "warmup": 2,
                "inferences": len(self.classes) - 2,
                "deadline_s": 60,
                "telemetry_interval_s": 0.1,
            },
            "environment": {"name": runtime, "python": python, "lock_sha256": None},
            "simulated": ["board"],
        }

    def _file(self, root: str, name: str) -> dict[str, str]:
        content = (self.directory / name).read_bytes()
        return {"path": f"{root}/{name}", "sha256": hashlib.sha256(content).hexdigest()}


def write(directory: Path) -> Artifacts:
    """Fit the map by least squares on half of scikit-learn's digits and write every file."""
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    half = len(images) // 2
    flat = images.reshape(len(images), -1).astype(np.float32) * np.float32(SCALE)
    targets = np.eye(CLASSES, dtype=np.float32)[digits.target]
    weights = np.linalg.lstsq(flat[:half], targets[:half], rcond=None)[0].astype(np.float32)
    tested, labels = flat[half:], digits.target[half:].astype(np.int64)
    classes = np.argmax(tested @ weights, axis=1)
    np.savez(directory / "data.npz", images=images[half:, ..., np.newaxis], labels=labels)
    for form, (_, shape, _) in LAYOUTS.items():
        inputs = tested[:4].reshape(4, *shape[1:])
        np.savez(directory / f"check-{form}.npz", inputs=inputs, outputs=tested[:4] @ weights)
    (directory / "model.onnx").write_bytes(_onnx(weights))
    (directory / "model.tflite").write_bytes(_tflite(weights))
    return Artifacts(directory, classes.tolist(), float(np.mean(classes == labels)))


def _onnx(weights: NDArray[np.float32]) -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["output"]),
        ],
        "linear_digits",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, LAYOUTS["onnx"][1])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, CLASSES])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    # Old enough for the last runtime with a Python 3.6.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    content: bytes = model.SerializeToString()
    return content


def _tflite(weights: NDArray[np.float32]) -> bytes:
    """Build the flatbuffer: one FULLY_CONNECTED from tensor 0 by the weights in tensor 1 to tensor 2."""
    builder = flatbuffers.Builder(8192)
    buffers = [_table(builder, {}), _table(builder, {0: _bytes(builder, weights.T.tobytes())})]
    shapes = [LAYOUTS["tflite"][1], [CLASSES, SIZE * SIZE], [1, CLASSES]]
    tensors = [
        _table(builder, {0: _integers(builder, shape), 2: buffer, 3: builder.CreateString(name)}, scalars={2})
        for shape, buffer, name in zip(shapes, (0, 1, 0), ("input", "weights", "output"), strict=True)
    ]
    operands = {1: _integers(builder, [0, 1, -1]), 2: _integers(builder, [2])}
    options = {3: FULLY_CONNECTED_OPTIONS, 4: _table(builder, {})}
    operator = _table(builder, {**operands, **options}, types={3: "Uint8"}, scalars={3})
    subgraph = _table(
        builder,
        {
            0: _offsets(builder, tensors),
            1: _integers(builder, [0]),
            2: _integers(builder, [2]),
            3: _offsets(builder, [operator]),
        },
    )
    code = _table(
        builder,
        {0: FULLY_CONNECTED, 2: 1, 3: FULLY_CONNECTED},
        types={0: "Int8", 2: "Int32", 3: "Int32"},
        scalars={0, 2, 3},
    )
    parts = {
        0: 3,
        1: _offsets(builder, [code]),
        2: _offsets(builder, [subgraph]),
        4: _offsets(builder, buffers),
    }
    builder.Finish(_table(builder, parts, scalars={0}), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _table(
    builder: Any, fields: dict[int, int], types: dict[int, str] | None = None, scalars: set[int] | None = None
) -> int:
    """Write a table: fields by slot, offsets unless they are scalars (uint32 unless another type is named)."""
    builder.StartObject(max(fields, default=-1) + 1)
    for slot, value in fields.items():
        if slot in (scalars or set()):
            getattr(builder, f"Prepend{(types or {}).get(slot, 'Uint32')}Slot")(slot, value, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
    return int(builder.EndObject())


def _integers(builder: Any, values: list[int]) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, np.int32)))


def _bytes(builder: Any, content: bytes) -> int:
    """Write a vector of bytes, aligned as the runtimes map it."""
    builder.StartVector(1, len(content), 16)
    builder.head -= len(content)
    builder.Bytes[builder.head : builder.head + len(content)] = content
    return int(builder.EndVector())


def _offsets(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())

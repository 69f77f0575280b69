"""A small network in every format, for backends whose format the zoo's store lacks: that of ``tests/backends``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests/backends"))

import network_files

SIZE = 224
# By backend: the format it is given, and the file.
FILES = {
    "onnxruntime": ("onnx", "model.onnx"),
    "pytorch": ("torchscript", "model.pt"),
    "tflite": ("tflite", "model.tflite"),
    "litert": ("tflite", "model.tflite"),
    "armnn": ("tflite", "model.tflite"),
    "openvino": ("onnx", "model.onnx"),
    "opencv": ("onnx", "model.onnx"),
    "opencv5": ("onnx", "model.onnx"),
    "tensorflow": ("keras", "model.keras"),
    "ncnn": ("ncnn", "ncnn/model.param"),
    "mnn": ("mnn", "model.mnn"),
    "executorch": ("executorch", "model.pte"),
    "caffe": ("caffe", "caffe/model.caffemodel"),
}
NoConverterError = network_files.NoConverterError


class SmallNetwork:
    """Makes files when they are asked for.

    Args:
        directory: where they are made.
        pythons: the interpreter of each backend's environment.
    """

    def __init__(self, directory: Path, pythons: dict[str, str]) -> None:
        self._files = network_files.NetworkFiles(directory, pythons, SIZE)

    def artifact(self, backend: str) -> dict[str, Any]:
        """Return an artifact for a backend, as a cell spec describes it.

        Raises:
            NoConverterError: none is made for it, or its converter is in no environment here.
        """
        if backend not in FILES:
            raise NoConverterError("the store has no model in a format it reads")
        kind, file = FILES[backend]
        last = kind in ("keras", "tflite")
        return {
            "model": f"small network at {SIZE} x {SIZE}",
            "path": str(self._files / file),
            "format": kind,
            "input": {
                "name": "input",
                "shape": [1, SIZE, SIZE, 3] if last else [1, 3, SIZE, SIZE],
                "layout": "NHWC" if last else "NCHW",
            },
            "preprocess": {"size": [SIZE, SIZE], "scale": 1 / 255, "mean": [0.5] * 3, "std": [0.25] * 3},
        }

"""A small network in every format, for backends whose format the zoo's store lacks: that of ``tests/backends``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1] / "tests/backends"
SIZE = 224
# By backend: the format it is given, the file, the maker, and the environment that has the converter.
FILES = {
    "onnxruntime": ("onnx", "model.onnx", "onnx_files", None),
    "pytorch": ("torchscript", "model.pt", "torch_files", "pytorch"),
    "tflite": ("tflite", "model.tflite", "tensorflow_files", "tensorflow"),
    "litert": ("tflite", "model.tflite", "tensorflow_files", "tensorflow"),
    "openvino": ("onnx", "model.onnx", "onnx_files", None),
    "opencv": ("onnx", "model.onnx", "onnx_files", None),
    "tensorflow": ("keras", "model.keras", "tensorflow_files", "tensorflow"),
    "ncnn": ("ncnn", "ncnn/model.param", "ncnn_files", None),
    "mnn": ("mnn", "model.mnn", "mnn_files", "mnn"),
    "executorch": ("executorch", "model.pte", "torch_files", "executorch"),
}


class NoConverterError(Exception):
    """Why there is no file."""


class SmallNetwork:
    """Makes files when they are asked for.

    Args:
        directory: where they are made.
        pythons: the interpreter of each backend's environment.
    """

    def __init__(self, directory: Path, pythons: dict[str, str]) -> None:
        self._directory = directory
        self._pythons = pythons

    def artifact(self, backend: str) -> dict[str, Any]:
        """Return an artifact for a backend, as a cell spec describes it.

        Raises:
            NoConverterError: none is made for it, or its converter is in no environment here.
        """
        if backend not in FILES:
            raise NoConverterError("the store has no model in a format it reads")
        kind, file, maker, _ = FILES[backend]
        if not (self._directory / file).exists():
            if maker == "mnn_files":
                self._make(*FILES["onnxruntime"][2:])
            self._make(maker, FILES[backend][3])
        last = kind in ("keras", "tflite")
        return {
            "model": f"small network at {SIZE} x {SIZE}",
            "path": str(self._directory / file),
            "format": kind,
            "input": {
                "name": "input",
                "shape": [1, SIZE, SIZE, 3] if last else [1, 3, SIZE, SIZE],
                "layout": "NHWC" if last else "NCHW",
            },
            "preprocess": {"size": [SIZE, SIZE], "scale": 1 / 255, "mean": [0.5] * 3, "std": [0.25] * 3},
        }

    def _make(self, maker: str, environment: str | None) -> None:
        python = self._pythons.get(environment) if environment else sys.executable
        if python is None:
            raise NoConverterError(
                f"the store lacks its format, and no environment of {environment} makes it"
            )
        variables = dict(os.environ, PYTHONPATH=str(HOME), SMALL_NETWORK_SIZE=str(SIZE))
        command = [python, str(HOME / f"makers/{maker}.py"), str(self._directory)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        if done.returncode != 0:
            raise NoConverterError(f"{maker}: {done.stderr.strip().splitlines()[-1]}")

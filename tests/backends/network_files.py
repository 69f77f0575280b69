"""The small network's files, each made when it is asked for, by the converter of the environment that has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
# By maker: the environment that it runs in (None: this interpreter), and what it makes.
MAKERS = {
    "onnx_files": (None, ["model.onnx", "model_int8.onnx", "model_nan.onnx"]),
    "caffe_files": (None, ["caffe/model.caffemodel"]),
    "caffe2_files": (None, ["caffe2/predict_net.pb"]),
    "ncnn_files": (None, ["ncnn/model.param"]),
    "torch_files": ("pytorch", ["model.pt", "model.pt2"]),
    "executorch_files": ("executorch", ["model.pte"]),
    "openvino_files": ("openvino", ["model.xml"]),
    "mnn_files": ("mnn", ["model.mnn"]),
    "tensorflow_files": (
        "tensorflow",
        ["model.keras", "model.saved_model.zip", "model.pb", "model.tflite", "model_int8.tflite"],
    ),
}
FROM_ONNX = ("openvino_files", "mnn_files")


class NoConverterError(Exception):
    """Why there is no file."""


class NetworkFiles:
    """Makes files in one directory.

    Args:
        directory: where they are made.
        pythons: the interpreter of each backend's environment.
        size: height and width of the network's input.
    """

    def __init__(self, directory: Path, pythons: dict[str, str], size: int = 16) -> None:
        self._directory = directory
        self._pythons = pythons
        self._size = size

    def __truediv__(self, file: str) -> Path:
        """Return the path of a file, which is made first where it is not there yet.

        Raises:
            NoConverterError: the environment of its converter is not here, or the converter failed.
        """
        path = self._directory / file
        if not path.exists():
            self._make(next(maker for maker, (_, files) in MAKERS.items() if file in files))
        return path

    def _make(self, maker: str) -> None:
        if maker in FROM_ONNX:
            self / "model.onnx"
        environment = MAKERS[maker][0]
        python = self._pythons.get(environment) if environment else sys.executable
        if python is None:
            raise NoConverterError(f"no environment of {environment}, which has the converter")
        variables = dict(
            os.environ,
            PYTHONPATH=str(HOME),
            SMALL_NETWORK_SIZE=str(self._size),
            TF_CPP_MIN_LOG_LEVEL="2",
        )
        command = [python, str(HOME / f"makers/{maker}.py"), str(self._directory)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        if done.returncode != 0:
            raise NoConverterError(f"{maker}: {done.stderr[-2000:]}")

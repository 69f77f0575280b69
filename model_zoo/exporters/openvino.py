"""OpenVINO's intermediate representation: ``model.xml``, which names its weights in ``model.bin`` by SHA-256.

Half precision is of the weights: the plugin chooses that of the arithmetic. Full-integer files come from the quantised
ONNX file, whose quantise and dequantise nodes OpenVINO reads.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from model_zoo.exporters import _threads
from model_zoo.request import Request

EXTENSION = "xml"
FILE_FORMAT = "openvino"
LAYOUT = "NCHW"
OPSET = False
PRECISIONS = {"fp32": "fp32", "fp16": "fp32", "int8": "int8"}
PACKAGES = ("openvino",)
ENVIRONMENT = "linux-x86_64-cp311/openvino"
SOURCE = "onnx"


def _openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report each conversion to its makers."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


def convert(source: Path, path: Path, request: Request) -> None:
    """Convert an ONNX file; the digest of the weights makes the ``.xml`` stand for both files."""
    openvino = _openvino()
    openvino.save_model(openvino.convert_model(source), path, compress_to_fp16=request.precision == "fp16")
    tree = ElementTree.parse(path)
    information = tree.getroot().find("rt_info")
    if information is None:
        information = ElementTree.SubElement(tree.getroot(), "rt_info")
    digest = hashlib.sha256(path.with_suffix(".bin").read_bytes()).hexdigest()
    ElementTree.SubElement(ElementTree.SubElement(information, "edgebench"), "weights_sha256", value=digest)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Open the files in OpenVINO on the CPU, in single precision."""
    openvino = _openvino()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": _threads.allowed()}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda batch: np.array(compiled([batch])[0], np.float32)

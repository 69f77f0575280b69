"""``model.xml`` and ``model.bin`` from ``model.onnx`` beside them."""

import sys
from pathlib import Path

import openvino


def main(directory: Path) -> None:
    """Write the files."""
    model = openvino.convert_model(directory / "model.onnx")
    openvino.save_model(model, directory / "model.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

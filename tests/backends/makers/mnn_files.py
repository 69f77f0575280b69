"""``model.mnn`` from ``model.onnx`` beside it, with MNN's own converter."""

import subprocess
import sys
from pathlib import Path


def main(directory: Path) -> None:
    """Write the file."""
    tool = str(Path(sys.executable).with_name("mnnconvert"))
    source, target = str(directory / "model.onnx"), str(directory / "model.mnn")
    subprocess.run(
        [sys.executable, tool, "-f", "ONNX", "--modelFile", source, "--MNNModel", target, "--bizCode", "x"],
        check=True,
        stdout=sys.stderr,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

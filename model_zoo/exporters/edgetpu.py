"""TensorFlow Lite compiled for Coral's Edge TPU, by ``edgetpu_compiler`` where that is installed.

Only a board with an Edge TPU can run the file: its verification here is that of the full-integer file it was compiled
from.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

from model_zoo.request import Request

EXTENSION = "tflite"
FILE_FORMAT = "tflite"
LAYOUT = "NHWC"
OPSET = False
PRECISIONS = {"int8": "int8", "uint8": "uint8"}
PACKAGES = ()
SOURCE = "tflite"
TOOL = "edgetpu_compiler"
RUNS_HERE = False
_COUNTS = re.compile(r"Number of operations that will run on (Edge TPU|CPU): (\d+)")


def convert(source: Path, path: Path, request: Request) -> dict[str, Any]:
    """Compile a full-integer file; return how many operators the Edge TPU takes and how many stay on the CPU."""
    command = [TOOL, "--show_operations", "--out_dir", str(path.parent), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    compiled = path.with_name(f"{source.stem}_edgetpu.tflite")
    if done.returncode != 0 or not compiled.is_file():
        words = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise RuntimeError(f"{TOOL} ended with {done.returncode}: {' | '.join(words)}")
    compiled.replace(path)
    compiled.with_suffix(".log").unlink(missing_ok=True)
    counts = {name: int(count) for name, count in _COUNTS.findall(done.stdout)}
    return {"edgetpu": {"operators": counts.get("Edge TPU"), "operators_on_cpu": counts.get("CPU")}}

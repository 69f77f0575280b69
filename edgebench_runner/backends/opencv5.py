"""OpenCV 5, beside OpenCV 4 in an environment of its own: another graph engine, and no Caffe importer."""

import re
from typing import Any, Dict, List, Optional

from edgebench_runner.backends import _base, opencv
from edgebench_runner.errors import BackendUnavailableError

_INPUT = re.compile(r"// <Input> \S+ \[([^\]]*)\]")


class Backend(opencv.Backend):
    """Runs ``.onnx`` and frozen TensorFlow files as ``opencv`` does, on version 5 and no other."""

    formats = ("onnx", "tensorflow_frozen")

    def import_runtime(self) -> str:
        """Import cv2 and return its version."""
        version = super().import_runtime()
        if not version.startswith("5."):
            raise BackendUnavailableError("OpenCV 5 is wanted, found {}".format(version))
        return version

    def load(self, artifact: Optional[Dict]) -> None:
        """Read the network and compare its shape: the new engine computes inputs of a wrong layout without a word."""
        super().load(artifact)
        shape = _described_input(self._nets[0])
        if shape:
            _base.require_shape(shape, artifact)  # type: ignore[arg-type]


def _described_input(net: Any) -> List[Optional[int]]:
    """Return the dimensions of the first input, ``None`` for one that is free; empty where the engine does not say."""
    try:
        found = _INPUT.search(net.dump())
    except Exception:  # cv2.error, of graphs that it cannot describe, some integer ones among them
        return []
    sizes = found.group(1).split(" x ") if found else []
    return [int(size) if size.isdigit() else None for size in sizes]

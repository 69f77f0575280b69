"""OpenCV 5, beside OpenCV 4 in an environment of its own: another graph engine, and no Caffe importer."""

from edgebench_runner.backends import opencv
from edgebench_runner.errors import BackendUnavailableError


class Backend(opencv.Backend):
    """Runs ``.onnx`` and frozen TensorFlow files as ``opencv`` does, on version 5 and no other."""

    formats = ("onnx", "tensorflow_frozen")

    def import_runtime(self) -> str:
        """Import cv2 and return its version."""
        version = super().import_runtime()
        if not version.startswith("5."):
            raise BackendUnavailableError("OpenCV 5 is wanted, found {}".format(version))
        return version

"""Calibration of TensorRT's int8 engines from stored inputs (up to TensorRT 10, which still calibrates)."""

from typing import Any, List, Optional

from edgebench_runner.backends._cuda import Cuda
from edgebench_runner.errors import LoadFailedError, UnsupportedError


def calibrator(trt: Any, path: str, cuda: Cuda) -> Any:
    """Return an entropy calibrator that shows the builder one stored input after the other.

    Args:
        trt: the ``tensorrt`` module.
        path: npz file with ``inputs`` (n, shape without batch), float32.
        cuda: where the inputs are copied to.

    Raises:
        LoadFailedError: the file is not there or has no inputs.
        UnsupportedError: this TensorRT calibrates no more; the ONNX file must carry its own scales.
    """
    import numpy

    if not hasattr(trt, "IInt8EntropyCalibrator2"):
        raise UnsupportedError(
            "TensorRT {} does not calibrate: use a quantised ONNX file".format(trt.__version__)
        )
    try:
        with numpy.load(path) as stored:
            inputs = numpy.ascontiguousarray(stored["inputs"], numpy.float32)
    except (OSError, KeyError, ValueError) as error:
        raise LoadFailedError("calibration {}: {}".format(path, error)) from error

    class Calibrator(trt.IInt8EntropyCalibrator2):
        """Hands out the address of the next input; the base class exists only once TensorRT is imported."""

        def __init__(self) -> None:
            super().__init__()
            self._pending = list(inputs)
            self._address = cuda.allocate(inputs[0].nbytes)

        def get_batch_size(self) -> int:
            """Return one."""
            return 1

        def get_batch(self, names: List[str]) -> Optional[List[int]]:
            """Return the address of the next input on the device, ``None`` after the last."""
            if not self._pending:
                return None
            cuda.upload(self._address, self._pending.pop(0))
            cuda.wait()
            return [self._address]

        def read_calibration_cache(self) -> None:
            """Return nothing: the engine itself is kept."""

        def write_calibration_cache(self, cache: bytes) -> None:
            """Keep nothing: the engine itself is kept."""

    return Calibrator()

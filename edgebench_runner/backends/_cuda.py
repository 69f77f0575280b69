"""The few calls of the CUDA runtime that moving one input and one output takes, without a package for it."""

import ctypes
import ctypes.util
from typing import Any

_HOST_TO_DEVICE, _DEVICE_TO_HOST = 1, 2


class CudaError(RuntimeError):
    """A call of the CUDA runtime failed."""


class Cuda(object):
    """One stream of the default device.

    Args:
        library: the CUDA runtime; found by its name where not given.
    """

    def __init__(self, library: Any = None) -> None:
        self._library = library or ctypes.CDLL(ctypes.util.find_library("cudart") or "libcudart.so")
        stream = ctypes.c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(stream))
        self.stream = stream.value

    def allocate(self, size: int) -> int:
        """Return the address of ``size`` bytes on the device."""
        address = ctypes.c_void_p()
        self._call("cudaMalloc", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value or 0

    def upload(self, address: int, array: Any) -> None:
        """Start to copy a contiguous array of the host to the device."""
        self._copy(address, array.ctypes.data, array.nbytes, _HOST_TO_DEVICE)

    def download(self, array: Any, address: int) -> None:
        """Start to copy from the device into a contiguous array of the host."""
        self._copy(array.ctypes.data, address, array.nbytes, _DEVICE_TO_HOST)

    def wait(self) -> None:
        """Wait for everything started."""
        self._call("cudaStreamSynchronize", ctypes.c_void_p(self.stream))

    def _copy(self, target: int, source: int, size: int, direction: int) -> None:
        self._call(
            "cudaMemcpyAsync",
            ctypes.c_void_p(target),
            ctypes.c_void_p(source),
            ctypes.c_size_t(size),
            ctypes.c_int(direction),
            ctypes.c_void_p(self.stream),
        )

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status != 0:
            words = "out of memory" if status == 2 else "error {}".format(status)
            raise CudaError("{}: {}".format(name, words))

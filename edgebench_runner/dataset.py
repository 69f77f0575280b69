"""The inputs of a cell, read before the window opens."""

import errno
import os
import struct
import zipfile
from typing import Any, Callable, List, Tuple

from edgebench_runner.errors import LoadFailedError
from edgebench_runner.probes.memory import available_bytes

RESIDENT_SHARE = 0.25  # of the available memory: what the inputs may take away from the model under test
_LOCAL_HEADER_BYTES = 30


def images(path: str, count: int) -> Tuple[List[Tuple[int, Any]], bool]:
    """Return ``count`` pairs of dataset index and uint8 image (H, W, C), in order, repeating if need be.

    Returns:
        The pairs, and whether the images were copied into memory; where they would take more than a quarter
        of the available memory they stay memory-mapped and the file is read inside the window.
    """
    import numpy as np

    mapped = mapped_array(path, "images.npy")
    if mapped.ndim != 4 or mapped.dtype != np.uint8:
        line = "dataset {}: images are {} {}, valid: uint8 (n, height, width, channels)"
        raise LoadFailedError(line.format(path, mapped.dtype, mapped.shape))
    distinct = mapped[: min(count, len(mapped))]
    available = available_bytes()
    resident = available is not None and distinct.nbytes <= RESIDENT_SHARE * available
    if resident:
        distinct = np.array(distinct)
    return _repeated(list(enumerate(distinct)), count), resident


def mapped_array(path: str, name: str) -> Any:
    """Return one array of a data set, memory-mapped.

    Raises:
        LoadFailedError: it is not there or cannot be read.
    """
    try:
        return _map_member(path, name)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError("dataset {}: {}".format(path, error)) from error
        raise LoadFailedError("dataset {}: {}".format(path, error)) from error


def write_files(pairs: List[Tuple[int, Any]], directory: str) -> List[Tuple[int, Any]]:
    """Write each distinct image to a file of its own, out of the page cache, and return pairs of index and path."""
    import numpy as np

    os.makedirs(directory)
    written: List[Tuple[int, Any]] = []
    for index, image in pairs:
        if index < len(written):
            break  # from here on they repeat
        path = os.path.join(directory, "{:06d}.npy".format(index))
        with open(path, "wb") as file:
            np.save(file, image)
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        written.append((index, path))
    return _repeated(written, len(pairs))


def opening(prepare: Callable[[Any], Any]) -> Callable[[str], Any]:
    """Return pre-processing that begins with opening and reading an image's file."""
    import numpy as np

    load = np.load
    return lambda path: prepare(load(path))


def _repeated(pairs: List[Tuple[int, Any]], count: int) -> List[Tuple[int, Any]]:
    """Return ``count`` references to the pairs, in order: of hours of inferences, each must not cost an object."""
    return (pairs * (count // len(pairs) + 1))[:count]


def _map_member(path: str, name: str) -> Any:
    """Memory-map one array of an uncompressed npz file."""
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("{} is compressed; it must be stored".format(name))
    with open(path, "rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER_BYTES)
        name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
        file.seek(name_bytes + extra_bytes, 1)
        version = np.lib.format.read_magic(file)
        read_header = getattr(np.lib.format, "read_array_header_{}_0".format(version[0]))
        shape, fortran, dtype = read_header(file)
        if fortran or not shape or shape[0] == 0:
            raise ValueError("{} has shape {}".format(name, shape))
        return np.memmap(path, dtype=dtype, mode="r", offset=file.tell(), shape=shape)

"""One cell directory: the record and its raw readings, with whatever is unusable set aside and named."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import InputError
from analysis.files import read_json
from analysis.sweep import Sweep

RECORD_SCHEMA = "edgebench/cell_record/1"
INT64_COLUMNS = 4
INT32_COLUMNS = 6
PARALLEL_MODE = "throughput"
RANK = {"valid": 0, "suspect": 1, "invalid": 2}

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Readings:
    """The completed inferences of one cell, in order.

    Attributes:
        index: (n,) row number in the file, from 0: row 0 is the first inference after the load.
        times_ns: (n, 4) CLOCK_MONOTONIC before pre-processing, before and after inference, after post-processing.
        measured: (n,) False for warm-up rows.
        items: (n,) index of the dataset item, -1 where unknown.
        classes: (n, 5) best classes, -1 where there is none.
    """

    index: Int64
    times_ns: Int64
    measured: npt.NDArray[np.bool_]
    items: Int32
    classes: Int32

    @property
    def preprocess_ms(self) -> Float64:
        """(n,) time of pre-processing."""
        return (self.times_ns[:, 1] - self.times_ns[:, 0]) / 1e6

    @property
    def inference_ms(self) -> Float64:
        """(n,) time of inference."""
        return (self.times_ns[:, 2] - self.times_ns[:, 1]) / 1e6

    @property
    def postprocess_ms(self) -> Float64:
        """(n,) time of post-processing."""
        return (self.times_ns[:, 3] - self.times_ns[:, 2]) / 1e6

    @property
    def total_ms(self) -> Float64:
        """(n,) time from before pre-processing to after post-processing."""
        return (self.times_ns[:, 3] - self.times_ns[:, 0]) / 1e6

    def in_time_order(self) -> "Readings":
        """Return the rows in the order in which they began, which that of several streams' rows is not."""
        return self.where(np.argsort(self.times_ns[:, 0], kind="stable"))

    def where(self, mask: npt.NDArray[np.bool_] | Int64) -> "Readings":
        """Return the rows for which ``mask`` (n,) holds, or those at the positions that it lists."""
        return Readings(
            self.index[mask], self.times_ns[mask], self.measured[mask], self.items[mask], self.classes[mask]
        )


@dataclass
class Cell:
    """A planned cell and what was found of it.

    Attributes:
        planned: the manifest's entry.
        record: ``cell.json``, or None when there is none that can be used.
        readings: completed inferences, or None when there are none that can be used.
        directory: where its files lie, or None when its name leads nowhere.
        set_aside: messages about what was not used, and why.
        doubts: (verdict, reason) that the analysis adds to the runner's own validity.
    """

    planned: dict[str, Any]
    record: dict[str, Any] | None = None
    readings: Readings | None = None
    directory: Path | None = None
    set_aside: list[str] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def doubt(self, verdict: str, reason: str, message: str) -> None:
        """Lower the cell's validity to ``verdict`` at best, for ``reason``, and keep ``message``."""
        self.doubts.append((verdict, reason))
        self.set_aside.append(message)

    @property
    def validity(self) -> tuple[str | None, list[str]]:
        """The worst verdict that anyone gave, and every reason; None when nothing was measured."""
        if self.record is None:
            return None, [reason for _, reason in self.doubts]
        stated = self.record.get("validity") or {}
        verdicts = [stated.get("verdict"), *(verdict for verdict, _ in self.doubts)]
        known = [verdict if verdict in RANK else "invalid" for verdict in verdicts]
        reasons = [*(stated.get("reasons") or []), *(reason for _, reason in self.doubts)]
        if stated.get("verdict") not in RANK:
            reasons.append("validity_unknown")
        return max(known, key=RANK.__getitem__), list(dict.fromkeys(map(str, reasons)))


def read_cell(sweep: Sweep, planned: dict[str, Any]) -> Cell:
    """Read what lies under the cell's final name. Never raises for a bad cell: it is set aside with a message."""
    cell = Cell(planned)
    try:
        cell.directory = sweep.cell_directory(planned)
        if not cell.directory.is_dir():
            return cell
        record = read_json(cell.directory / "cell.json", RECORD_SCHEMA)
        _check_identity(record, planned, sweep)
    except InputError as error:
        cell.doubt("invalid", "record_unusable", _relative(str(error), sweep.root))
        return cell
    cell.record = record
    if _files_are_whole(cell):
        cell.readings = _read_readings(cell)
    return cell


def _relative(message: str, root: Path) -> str:
    return message.replace(f"{root}/", "")


def _check_identity(record: dict[str, Any], planned: dict[str, Any], sweep: Sweep) -> None:
    expected = {"sweep_id": sweep.sweep_id, "cell_id": planned["cell_id"]}
    for key, value in expected.items():
        if record.get(key) != value:
            raise InputError(
                f"cells/{planned['cell_id']}/cell.json: {key} is {record.get(key)!r}, expected {value!r}"
            )
    if not isinstance(record.get("outcome"), str):
        raise InputError(f"cells/{planned['cell_id']}/cell.json: outcome is {record.get('outcome')!r}")


def _files_are_whole(cell: Cell) -> bool:
    """Compare each file with the hash in the record, so that a half-fetched cell is not taken for a whole one."""
    assert cell.record is not None
    assert cell.directory is not None
    whole = True
    for name, expected in (cell.record.get("files") or {}).items():
        where = f"{cell.planned['cell_id']}/{name}"
        path = cell.directory / name  # attempt-1/… lies below
        if ".." in path.parts or not path.is_relative_to(cell.directory):
            cell.doubt("invalid", "files_incomplete", f"{where}: the record names a file outside of its cell")
            whole = False
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            cell.doubt("invalid", "files_incomplete", f"{where}: {error.strerror}; the record says it exists")
            whole = False
            continue
        if hashlib.sha256(content).hexdigest() != expected.get("sha256"):
            found = f"{len(content)} bytes, expected {expected.get('bytes')}"
            cell.doubt(
                "invalid", "files_incomplete", f"{where}: the hash differs from the record's ({found})"
            )
            whole = False
    return whole


def _read_matrix(path: Path, dtype: str, columns: int) -> npt.NDArray[Any]:
    """Return the whole rows of a raw little-endian file; a torn last row is left out, a missing file has none."""
    if not path.is_file():
        return np.empty((0, columns), dtype=dtype)
    values = np.fromfile(path, dtype=dtype)
    return values[: len(values) // columns * columns].reshape(-1, columns)


def _read_readings(cell: Cell) -> Readings | None:
    assert cell.record is not None
    assert cell.directory is not None
    times = _read_matrix(cell.directory / "inferences.bin", "<i8", INT64_COLUMNS)
    if not len(times):
        return None
    outputs = np.full((len(times), INT32_COLUMNS), -1, dtype=np.int32)
    found = _read_matrix(cell.directory / "outputs.bin", "<i4", INT32_COLUMNS)[: len(times)]
    outputs[: len(found)] = found
    index = np.arange(len(times))
    n_warmup = int(cell.record.get("n_warmup") or 0)
    readings = Readings(index, times, index >= n_warmup, outputs[:, 0], outputs[:, 1:])
    return _without_impossible(cell, readings.where(times[:, -1] != 0))


def streams(record: Mapping[str, Any]) -> int:
    """Return how many inferences were in flight at a time: 1 unless the backend's options say otherwise."""
    found = ((record.get("backend_info") or {}).get("options") or {}).get("streams")
    return found if isinstance(found, int) and found > 1 else 1


def _without_impossible(cell: Cell, readings: Readings) -> Readings:
    """Set aside rows in which the monotonic clock stands at or before zero or runs backwards.

    From one row to the next only where inferences follow one another: several streams fill a block of rows each.
    """
    times = readings.times_ns
    backwards = np.asarray((np.diff(times, axis=1) < 0).any(axis=1))
    if cell.planned["mode"] != PARALLEL_MODE:
        backwards[1:] |= times[1:, 0] < times[:-1, 3]
    impossible = np.asarray(backwards | (times <= 0).any(axis=1))
    if impossible.any():
        rows = ", ".join(map(str, readings.index[impossible][:5]))
        cell.doubt(
            "suspect",
            "clock_backwards",
            f"{cell.planned['cell_id']}/inferences.bin: the clock goes back or is not positive in "
            f"{impossible.sum()} of {len(times)} rows (first: {rows}); they are left out",
        )
    return readings.where(~impossible)

"""The archived form of a trace: values as whole steps of the meter's resolution, in Parquet."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.power.records import RECORD, PowerDataError

ROWS_PER_GROUP = 1 << 20
COLUMNS = ("t_ns", "voltage_v", "current_a", "power_w")
TIME_STEP_NS = 1000
STEPS_KEY = b"edgebench_steps"


def read_archive(path: Path) -> NDArray[Any]:
    """Return the records of an archive, in the raw trace's dtype.

    Raises:
        PowerDataError: it is no archive of a power trace.
    """
    try:
        file = pq.ParquetFile(path)
        steps = json.loads(file.metadata.metadata[STEPS_KEY])
    except (pa.ArrowInvalid, OSError, KeyError, TypeError) as error:
        raise PowerDataError(f"{path}: no archived power trace: {error}") from error
    records = np.empty(file.metadata.num_rows, RECORD)
    done = 0
    for batch in file.iter_batches(1 << 18):
        for name in COLUMNS:
            records[name][done : done + len(batch)] = batch[name].to_numpy() * steps[name]
        done += len(batch)
    return records


def step_sizes(caps: dict[str, Any], records: NDArray[Any]) -> dict[str, float]:
    """Return the size of a step of each column, for a meter of these capabilities."""
    voltage, current = caps["v_resolution"], caps["i_resolution"]
    lowest_v = float(records["voltage_v"].min()) if len(records) else 0.0
    power = 10.0 ** math.floor(math.log10(current * max(lowest_v, 1.0)))
    return {"t_ns": TIME_STEP_NS, "voltage_v": voltage, "current_a": current, "power_w": power}


def write_archive(path: Path, records: NDArray[Any], steps: dict[str, float]) -> None:
    """Write records as whole ``steps``."""
    kinds = {name: pa.int64() if name == "t_ns" else pa.int32() for name in COLUMNS}
    metadata = {STEPS_KEY: json.dumps(steps).encode()}
    schema = pa.schema(list(kinds.items()), metadata=metadata)
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=9,
        use_dictionary=False,
        write_statistics=["t_ns"],
        column_encoding=dict.fromkeys(COLUMNS, "DELTA_BINARY_PACKED"),
        data_page_version="2.0",
    ) as writer:
        for start in range(0, len(records), ROWS_PER_GROUP):
            part = records[start : start + ROWS_PER_GROUP]
            columns = [_whole_steps(part[name], steps[name], kinds[name]) for name in COLUMNS]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _whole_steps(values: NDArray[Any], step: float, kind: pa.DataType) -> pa.Array:
    if pa.types.is_int64(kind):
        return pa.array((values + int(step) // 2) // int(step), kind)
    return pa.array(np.rint(values.astype(np.float64) / step).astype(np.int32), kind)

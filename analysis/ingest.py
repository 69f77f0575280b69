"""Raw records in, Parquet out: ``cells.parquet`` and ``inferences/``, with a list of what was set aside."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.cells import Cell, read_cell
from analysis.columns import typed
from analysis.energy import EnergySource
from analysis.files import replacing, write_json
from analysis.labels import LabelSource, artifact_columns
from analysis.summary import Row, summarise
from analysis.sweep import NAME, Sweep

EARLIER_ATTEMPT = re.compile(r"\..+\.attempt\d+\Z")
"""What a resumed sweep keeps of a cell that it measured again."""
INGEST_SCHEMA = "edgebench/ingest/1"
INFERENCES = pa.schema(
    [
        ("cell_id", pa.dictionary(pa.int32(), pa.string())),
        ("index", pa.int32()),
        ("phase", pa.dictionary(pa.int32(), pa.string())),
        ("t_ns", pa.int64()),
        ("preprocess_ms", pa.float64()),
        ("inference_ms", pa.float64()),
        ("postprocess_ms", pa.float64()),
        ("item", pa.int32()),
        *((f"top{rank}", pa.int32()) for rank in range(1, 6)),
    ]
)


def ingest(sweep: Sweep, store: Path | None = None) -> dict[str, Any]:
    """Write ``cells.parquet``, ``inferences/`` and ``ingest.json``; return what the last one says.

    Args:
        sweep: the results directory.
        store: zoo store with the labels; without it the nearest ``.edgebench/zoo`` is used.
    """
    labels = LabelSource.beside(sweep.root, store)
    energy = EnergySource(sweep)
    set_aside = [*_duplicates(sweep), *_strangers(sweep)]
    rows: list[Row] = []
    shutil.rmtree(sweep.inferences, ignore_errors=True)
    for board in dict.fromkeys(planned["board"] for planned in sweep.planned):
        cells = [read_cell(sweep, planned) for planned in _unique(sweep) if planned["board"] == board]
        entry = sweep.manifest["boards"].get(board) or {}
        rows += [
            summarise(cell, sweep.sweep_id, entry, labels, energy.columns(cell))
            | artifact_columns(sweep.root, (cell.record or {}).get("artifact_sha256"))
            for cell in cells
        ]
        set_aside += [message for cell in cells for message in cell.set_aside]
        _write_inferences(sweep, board, cells)
    set_aside += energy.set_aside
    _mark_unsteady(rows)
    _write_cells(sweep, rows)
    summary = {
        "schema": INGEST_SCHEMA,
        "sweep_id": sweep.sweep_id,
        "cells": len(rows),
        "set_aside": set_aside,
    }
    write_json(sweep.root / "ingest.json", summary)
    return summary


def _unique(sweep: Sweep) -> list[dict[str, Any]]:
    return list({planned["cell_id"]: planned for planned in reversed(sweep.planned)}.values())[::-1]


def _duplicates(sweep: Sweep) -> Iterator[str]:
    seen: set[str] = set()
    for planned in sweep.planned:
        if planned["cell_id"] in seen:
            yield f"manifest.json: cell {planned['cell_id']!r} is listed more than once; the first entry is used"
        seen.add(planned["cell_id"])


def _strangers(sweep: Sweep) -> Iterator[str]:
    """Name cell directories that the manifest does not know, such as the leavings of an interrupted fetch."""
    known = {planned["cell_id"] for planned in sweep.planned}
    for path in sorted((sweep.root / "cells").glob("*/*")):
        name = path.relative_to(sweep.root / "cells").as_posix()
        if path.is_dir() and name not in known and not EARLIER_ATTEMPT.match(path.name):
            yield f"cells/{name}: not a cell of the manifest; not read"


def _mark_unsteady(rows: list[Row]) -> None:
    """Doubt the cells whose repeats mostly found no steady state; a single boot often misfires."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row.get("steady") is not None:
            key = tuple(row[name] for name in ("board", "model", "variant", "backend", "mode"))
            groups.setdefault(key, []).append(row)
    for repeats in groups.values():
        unsteady = [row for row in repeats if row["steady"] is False]
        if len(unsteady) >= 2 and 2 * len(unsteady) > len(repeats):
            for row in unsteady:
                row["validity_reasons"] = ";".join(filter(None, [row["validity_reasons"], "no_steady_state"]))
                row["validity"] = "invalid" if row["validity"] == "invalid" else "suspect"


def _write_cells(sweep: Sweep, rows: list[Row]) -> None:
    frame = typed(rows)
    with replacing(sweep.cells_parquet) as temporary:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), temporary, compression="zstd")


def _write_inferences(sweep: Sweep, board: str, cells: list[Cell]) -> None:
    tables = [_inference_table(cell) for cell in cells if cell.readings is not None]
    if not tables or not NAME.match(board):
        return
    with replacing(sweep.inferences / f"board={board}" / "part-0.parquet") as temporary:
        pq.write_table(
            pa.concat_tables(tables, promote_options="none").unify_dictionaries(),
            temporary,
            compression="zstd",
        )


def _inference_table(cell: Cell) -> pa.Table:
    readings = cell.readings
    assert readings is not None
    n = len(readings.index)
    columns = [
        pa.array([cell.planned["cell_id"]] * n).dictionary_encode(),
        readings.index.astype(np.int32),
        pa.array(np.where(readings.measured, "measured", "warmup").astype(object)).dictionary_encode(),
        readings.times_ns[:, 0],
        readings.preprocess_ms,
        readings.inference_ms,
        readings.postprocess_ms,
        readings.items,
        *(readings.classes[:, rank] for rank in range(5)),
    ]
    return pa.table([pa.array(column) for column in columns], schema=INFERENCES)

"""Reading back what ``ingest`` wrote."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.columns import CELLS
from analysis.errors import InputError
from analysis.files import read_json
from analysis.ingest import INGEST_SCHEMA, ingest
from analysis.sweep import Sweep


def load_cells(sweep: Sweep) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of ``cells.parquet`` and what was set aside; ingests first when that was not done yet.

    Raises:
        InputError: when the file cannot be read or lacks columns that this version needs.
    """
    torn = _torn(sweep)
    if torn or not sweep.cells_parquet.is_file() or not (sweep.root / "ingest.json").is_file():
        ingest(sweep)
    try:
        frame = pq.read_table(sweep.cells_parquet).to_pandas()
    except (pa.ArrowException, OSError, json.JSONDecodeError) as error:
        raise InputError(f"{sweep.cells_parquet}: cannot be read ({error}); run ingest again") from None
    lacking = [name for name in CELLS if name not in frame.columns]
    if lacking:
        raise InputError(f"{sweep.cells_parquet}: lacks {', '.join(lacking)}; run ingest again")
    set_aside = list(read_json(sweep.root / "ingest.json", INGEST_SCHEMA)["set_aside"])
    return frame.astype(CELLS), [*set_aside, *torn]


def _torn(sweep: Sweep) -> list[str]:
    """Name the files under ``inferences/`` that cannot be read; they are made anew, since the raw records are kept."""
    found = []
    for path in sorted(sweep.inferences.glob("board=*/*.parquet")):
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError):
            name = path.relative_to(sweep.root).as_posix()
            found.append(f"{name}: cannot be read; made anew from the raw records")
    return found

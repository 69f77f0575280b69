"""Reading back what ``ingest`` wrote."""

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

    What cannot be read, or was written by an older version, is made anew from the raw records, with a message.

    Raises:
        InputError: when there are no raw records to make it from.
    """
    made_anew = [*_unusable(sweep), *_torn(sweep)]
    if made_anew and not (sweep.root / "cells").is_dir():
        raise InputError(f"{sweep.root}/{made_anew[0]}; there are no raw records to make it anew from")
    if made_anew or not sweep.cells_parquet.is_file() or not (sweep.root / "ingest.json").is_file():
        ingest(sweep)
    frame = pq.read_table(sweep.cells_parquet).to_pandas()
    set_aside = list(read_json(sweep.root / "ingest.json", INGEST_SCHEMA)["set_aside"])
    return frame.astype(CELLS), [
        *set_aside,
        *(f"{message}; made anew from the raw records" for message in made_anew),
    ]


def _unusable(sweep: Sweep) -> list[str]:
    """Say what is wrong with ``cells.parquet`` and ``ingest.json``, where they are there."""
    found = []
    if sweep.cells_parquet.is_file():
        try:
            columns = pq.read_table(sweep.cells_parquet).column_names
            if lacking := [name for name in CELLS if name not in columns]:
                found.append(f"cells.parquet: of another version, lacks {', '.join(lacking)}")
        except (pa.ArrowException, OSError):
            found.append("cells.parquet: cannot be read")
    if (sweep.root / "ingest.json").is_file():
        try:
            read_json(sweep.root / "ingest.json", INGEST_SCHEMA)
        except InputError as error:
            found.append(str(error).replace(f"{sweep.root}/", ""))
    return found


def _torn(sweep: Sweep) -> list[str]:
    """Name the files under ``inferences/`` that cannot be read."""
    found = []
    for path in sorted(sweep.inferences.glob("board=*/*.parquet")):
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError):
            name = path.relative_to(sweep.root).as_posix()
            found.append(f"{name}: cannot be read")
    return found

"""Takes a sweep's results into the lake."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.cells import RECORD_SCHEMA
from analysis.errors import InputError
from analysis.files import read_json, replacing, write_json
from analysis.lake.causes import PARTS_SCHEMA
from analysis.store import load_cells
from analysis.sweep import NAME, Sweep

SERIES = ["model", "variant", "backend", "mode"]
TEXTS = ["sweep_id", *SERIES, "series"]
# `series` is the four names joined by dots, which names cannot contain. `counted` says whether a reading enters
# statistics: measured, not the first after the load, above zero. Both repeat what other columns say, so that a scan
# has to decode three columns and not seven.
READINGS = pa.schema(
    [
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in TEXTS),
        ("repeat", pa.int16()),
        ("index", pa.int32()),
        ("measured", pa.bool_()),
        ("counted", pa.bool_()),
        ("t_ns", pa.int64()),
        ("preprocess_ns", pa.int64()),
        ("inference_ns", pa.int64()),
        ("postprocess_ns", pa.int64()),
    ]
)
ROW_GROUP = 131_072
FILE = "part-0.parquet"
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
NIGHT = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def archive(
    sweep: Sweep, lake: Path, night: str | None = None, messages: list[str] | None = None
) -> list[Path]:
    """Add a sweep to the lake and return the files that were written; a sweep that is there already is replaced.

    Args:
        sweep: the results directory.
        lake: root of the lake.
        night: date it belongs to; without it the day (UTC) on which the manifest was created.
        messages: where is said that the sweep was taken from another night, and which file could not be read.

    Raises:
        InputError: when the night is not a date.
    """
    night = night or str(sweep.manifest.get("created_utc") or "")[:10]
    if not NIGHT.match(night):
        raise InputError(f"night {night!r} is not a date of the form 2026-11-21; give one with --night")
    cells, _ = load_cells(sweep)
    written, said = [], messages if messages is not None else []
    for board in sorted(name for name in cells.board.unique() if NAME.match(name)):
        own = cells[cells.board == board].drop(columns="board")
        part = Path(f"night={night}") / f"board={board}" / FILE
        said += _withdraw(lake, sweep.sweep_id, board, night)
        rollup = pa.Table.from_pandas(own, preserve_index=False)
        written.append(_merge(lake / "rollup" / part, sweep.sweep_id, rollup, said))
        source = sweep.inferences / f"board={board}" / FILE
        if source.is_file():
            readings = _readings(source, own)
            written.append(_merge(lake / "inference" / part, sweep.sweep_id, readings, said))
    _keep_fingerprints(sweep, lake)
    return written


def _keep_fingerprints(sweep: Sweep, lake: Path) -> None:
    """Keep the parts of every fingerprint once, under its digest, so that a change of it can be explained later."""
    for planned in sweep.planned:
        try:
            record = read_json(sweep.cell_directory(planned) / "cell.json", RECORD_SCHEMA)
        except InputError:
            continue  # The ingest has said so.
        digest, parts = str(record.get("fingerprint")), record.get("fingerprint_parts")
        path = lake / "fingerprint" / f"{digest}.json"
        if DIGEST.match(digest) and isinstance(parts, dict) and not path.exists():
            write_json(path, {"schema": PARTS_SCHEMA, "parts": parts})


def _readings(source: Path, cells: pd.DataFrame) -> pa.Table:
    """Return the readings of one board with the traits of their cells, in integer nanoseconds."""
    frame = pq.ParquetFile(source).read().to_pandas().astype({"cell_id": "string"})
    named = cells.assign(series=cells[SERIES].agg(".".join, axis=1))
    joined = frame.join(named.set_index("cell_id")[[*TEXTS, "repeat"]], on="cell_id")
    joined = joined.sort_values([*TEXTS, "repeat", "index"], kind="stable", ignore_index=True)
    columns = {name: joined[name] for name in [*TEXTS, "repeat", "index", "t_ns"]}
    columns["measured"] = joined.phase == "measured"
    for stage in ("preprocess", "inference", "postprocess"):
        columns[f"{stage}_ns"] = (joined[f"{stage}_ms"] * 1e6).round().astype("int64")
    columns["counted"] = columns["measured"] & (columns["index"] > 0) & (columns["inference_ns"] > 0)
    return pa.Table.from_pandas(pd.DataFrame(columns)[READINGS.names], schema=READINGS, preserve_index=False)


def _merge(path: Path, sweep_id: str, fresh: pa.Table, messages: list[str]) -> Path:
    """Write one compacted file: what it held of other sweeps, and ``fresh``."""
    if path.is_file():
        try:
            kept = _without(pq.ParquetFile(path).read(), sweep_id)
            fresh = pa.concat_tables([kept, fresh], promote_options="default")
        except (pa.ArrowException, OSError):
            torn = path.rename(path.with_suffix(".torn"))
            messages.append(f"{path}: cannot be read; set aside as {torn.name}, archive its sweeps again")
    write_table(path, fresh)
    return path


def _withdraw(lake: Path, sweep_id: str, board: str, night: str) -> Iterator[str]:
    """Take a sweep out of every other night, so that it counts once; name the nights."""
    for rollup in sorted((lake / "rollup").glob(f"night=*/board={board}/{FILE}")):
        other = rollup.parent.parent.name.removeprefix("night=")
        if other == night or not _holds(rollup, sweep_id):
            continue
        for path in (rollup, lake / "inference" / f"night={other}" / f"board={board}" / FILE):
            _take_out(path, sweep_id)
        yield f"sweep {sweep_id} was archived under {other}; board {board} is moved to {night}"


def _take_out(path: Path, sweep_id: str) -> None:
    try:
        rest = _without(pq.ParquetFile(path).read(), sweep_id)
    except (pa.ArrowException, OSError):
        return  # Nobody can read it, so that nothing counts twice.
    if len(rest):
        write_table(path, rest)
    else:
        path.unlink()


def _holds(rollup: Path, sweep_id: str) -> bool:
    try:
        names = pq.ParquetFile(rollup).read(columns=["sweep_id"])["sweep_id"]
    except (pa.ArrowException, OSError):
        return False  # Who reads the lake is told so.
    return bool(pc.any(pc.equal(names.cast(pa.string()), sweep_id)).as_py())


def _without(table: pa.Table, sweep_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table["sweep_id"].cast(pa.string()), sweep_id))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as the lake keeps it: zstd, dictionaries for names, differences for integers."""
    delta = {field.name: "DELTA_BINARY_PACKED" for field in table.schema if pa.types.is_integer(field.type)}
    with replacing(path) as temporary:
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            row_group_size=ROW_GROUP,
            use_dictionary=[name for name in table.column_names if name not in delta],
            column_encoding=delta or None,
        )
